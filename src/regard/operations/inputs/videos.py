"""Videos of a request: in a bucket, or refused in AWS's terms."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.storage.buckets.folder_files import ObjectFacts


def open_video(
    ctx: Context, request: Mapping[str, Any], *, content: str | None = None
) -> AbstractContextManager[BinaryIO]:
    """The video of a Start request as a file that can be sought, no larger than REGARD_VIDEO_BYTES; the one
    whose facts had `content`, where that is given.

    Raises InvalidS3ObjectException and VideoTooLargeException, and while it is read whatever
    `ObjectStore.open_video` says.
    """
    bucket, name, version = place_of(request)
    limit = ctx.settings.video_bytes
    return ctx.stores.objects.open_video(bucket, name, version, limit=limit, content=content)


def video_facts(ctx: Context, request: Mapping[str, Any]) -> ObjectFacts:
    """How long the video is, and what tells it from another in its place. Raises what `open_video` raises."""
    return ctx.stores.objects.facts(*place_of(request), limit=ctx.settings.video_bytes)


def check_video(ctx: Context, request: Mapping[str, Any]) -> None:
    """Whether the video can be read, without reading it.

    Raises InvalidParameterException, InvalidS3ObjectException or VideoTooLargeException.
    """
    bucket, name, version = place_of(request)
    ctx.stores.objects.check_video(bucket, name, version, limit=ctx.settings.video_bytes)


def place_of(request: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """Bucket, name and version. Raises InvalidParameterException."""
    where = request["Video"].get("S3Object") or {}
    if not (where.get("Bucket") and where.get("Name")):
        raise InvalidParameterException(
            "Request has invalid parameters: a Video has an S3Object with Bucket and Name"
        )
    return where["Bucket"], where["Name"], where.get("Version")
