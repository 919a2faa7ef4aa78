"""Where the images of a check go: into the database for some minutes, or into the bucket of its session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.context import Context
from regard.errors import InternalServerError
from regard.liveness.records import LivenessImage, LivenessSession
from regard.storage.buckets.objects import NotWritten


def object_name(output: Mapping[str, Any], session_id: str, position: int) -> str:
    """The name of an image's object; the reference image is at 0."""
    prefix = output.get("S3KeyPrefix", "").rstrip("/")
    file = "reference.jpg" if position == 0 else f"audit-{position}.jpg"
    return "/".join(part for part in (prefix, session_id, file) if part)


def put_images(
    ctx: Context, session: LivenessSession, images: Sequence[LivenessImage]
) -> list[LivenessImage]:
    """The images as the session is to keep them: those that its bucket has are left out of the database.

    Raises InternalServerError where the bucket takes none any more.
    """
    output = session.settings.get("OutputConfig")
    if output is None:
        return list(images)
    kept = []
    for position, image in enumerate(images):
        if image.content:
            name = object_name(output, session.session_id, position)
            try:
                ctx.stores.objects.write(
                    output["S3Bucket"], name, [image.content], kms_key=session.settings.get("KmsKeyId")
                )
            except NotWritten as error:
                raise InternalServerError(f"The images can't be written: {error}") from error
        kept.append(LivenessImage(b"", image.box, is_written=bool(image.content)))
    return kept
