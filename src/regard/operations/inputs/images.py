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
from regard.vision.findings import PictureFindings, Pictures
from regard.vision.image import MIN_SIDE, ImageCutOff, ImageTooLarge, ImageTooSmall, UnsupportedImage


def load_picture(
    ctx: Context,
    source: Mapping[str, Any],
    *,
    min_side: int = MIN_SIDE,
    max_side: int | None = None,
    max_bytes: int | None = None,
) -> PictureFindings:
    """The picture that a request's Image names, upright, and what is found in it.

    An operation's own limits, where it has them: the sides in pixels, `max_bytes` of the request's Bytes.
    Those of the settings hold beside them.

    Raises InvalidParameterException, InvalidS3ObjectException, ImageTooLargeException or
    InvalidImageFormatException.
    """
    return open_picture(
        ctx, read_content(ctx, source, max_bytes=max_bytes), min_side=min_side, max_side=max_side
    )


def open_picture(
    ctx: Context, content: bytes, *, min_side: int = MIN_SIDE, max_side: int | None = None
) -> PictureFindings:
    """The same for who has the picture's bytes. Raises ImageTooLargeException, InvalidImageFormatException or
    InvalidParameterException.
    """
    settings = ctx.settings
    limit = min(settings.image_side, max_side or settings.image_side)
    return decoded(ctx.pictures, content, limit, settings.image_pixels, min_side=min_side)


def decoded(
    pictures: Pictures, content: bytes, max_side: int, max_pixels: int, *, min_side: int = MIN_SIDE
) -> PictureFindings:
    """The same for who has neither a request nor its settings."""
    try:
        return pictures.open(content, max_side=max_side, max_pixels=max_pixels, min_side=min_side)
    except ImageTooLarge as error:
        raise ImageTooLargeException(f"Image size is too large. It has {error}.") from error
    except ImageTooSmall as error:
        raise InvalidParameterException(
            f"Request has invalid parameters: the image is too small: {error}"
        ) from error
    except ImageCutOff as error:
        raise InvalidImageFormatException(f"Request has invalid image format: {error}") from error
    except UnsupportedImage as error:
        raise InvalidImageFormatException from error


def read_content(ctx: Context, source: Mapping[str, Any], *, max_bytes: int | None = None) -> bytes:
    """The encoded picture that a request's Image names, not opened yet; `max_bytes` as in `load_picture`.

    Raises InvalidParameterException, InvalidS3ObjectException or ImageTooLargeException.
    """
    settings = ctx.settings
    limit = min(settings.image_bytes, max_bytes or settings.image_bytes)
    given = [name for name in ("Bytes", "S3Object") if source.get(name) is not None]
    if len(given) != 1:
        raise InvalidParameterException(
            "Request has invalid parameters: an Image has either Bytes or S3Object"
        )
    if given == ["S3Object"]:
        where = source["S3Object"]
        if not (where.get("Bucket") and where.get("Name")):
            raise InvalidParameterException("Request has invalid parameters: S3Object needs Bucket and Name")
        place = where["Bucket"], where["Name"], where.get("Version")
        return ctx.pictures.content(
            place, lambda: ctx.stores.objects.read(*place, limit=settings.object_bytes)
        )
    content: bytes = source["Bytes"]
    if len(content) > limit:
        raise ImageTooLargeException.of_bytes(limit, settings.object_bytes)
    return content
