"""Pictures of a request: from its bytes or from a bucket, decoded, or refused in AWS's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.context import Context
from regard.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
)
from regard.vision.image import Image, ImageTooLarge, ImageTooSmall, UnsupportedImage


def load_image(ctx: Context, source: Mapping[str, Any]) -> Image:
    """The picture that a request's Image names, upright.

    Raises InvalidParameterException, InvalidS3ObjectException, ImageTooLargeException or
    InvalidImageFormatException.
    """
    settings = ctx.services.settings
    try:
        return ctx.looks.image(
            _bytes(ctx, source), max_side=settings.image_side, max_pixels=settings.image_pixels
        )
    except ImageTooLarge as error:
        raise ImageTooLargeException(f"The image is too large: {error}.") from error
    except ImageTooSmall as error:
        raise InvalidParameterException(
            f"Request has invalid parameters: the image is too small: {error}"
        ) from error
    except UnsupportedImage as error:
        raise InvalidImageFormatException from error


def _bytes(ctx: Context, source: Mapping[str, Any]) -> bytes:
    settings = ctx.services.settings
    given = [name for name in ("Bytes", "S3Object") if source.get(name) is not None]
    if len(given) != 1:
        raise InvalidParameterException(
            "Request has invalid parameters: an Image has either Bytes or S3Object"
        )
    if given == ["S3Object"]:
        where = source["S3Object"]
        if not (where.get("Bucket") and where.get("Name")):
            raise InvalidParameterException("Request has invalid parameters: S3Object needs Bucket and Name")
        return ctx.services.objects.read(
            where["Bucket"], where["Name"], where.get("Version"), limit=settings.object_bytes
        )
    content: bytes = source["Bytes"]
    if len(content) > settings.image_bytes:
        raise ImageTooLargeException(f"The image is larger than {settings.image_bytes} bytes.")
    return content
