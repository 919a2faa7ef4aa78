"""Some pictures of a manifest, as a task: what the models say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regard.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    InvalidS3ObjectException,
)
from regard.operations.inputs.images import decoded
from regard.operations.pictures.moderation import confidences_of, find_nudity
from regard.settings import Settings
from regard.tasks.task_node import TaskNode
from regard.vision.findings import Pictures
from regard.vision.pixels import Floats

UNUSABLE = (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    InvalidS3ObjectException,
)


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """Bytes of an object; pixels of a side, and in all."""

    size: int
    side: int
    pixels: int

    @classmethod
    def of(cls, settings: Settings) -> PictureLimits:
        return cls(settings.object_bytes, settings.image_side, settings.image_pixels)


@dataclass(frozen=True, eq=False, slots=True)
class PictureModeration:
    """What the models say of a picture, percent by label, with its `features` (1280,) where they were asked
    for; or `error`, a sentence that says why it is of no use."""

    said: Mapping[str, float]
    features: Floats | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ModerationTask:
    """`pictures` are buckets and keys. `has_features`: an adapter will ask for them."""

    pictures: tuple[tuple[str, str], ...]
    limits: PictureLimits
    has_features: bool

    def run(self, node: TaskNode) -> list[PictureModeration]:
        """In their order. Raises InternalServerError while a bucket can't be reached, and
        ResourceNotReadyException where a model is damaged."""
        return [self._moderated(node, bucket, key) for bucket, key in self.pictures]

    def _moderated(self, node: TaskNode, bucket: str, key: str) -> PictureModeration:
        limits = self.limits
        try:
            content = node.objects.read(bucket, key, None, limit=limits.size)
            # Of this picture alone, for the memory's sake.
            picture = decoded(Pictures(node.models), content, limits.side, limits.pixels)
        except UNUSABLE as error:
            return PictureModeration({}, error=error.message)
        said = confidences_of(find_nudity(picture))
        return PictureModeration(said, picture.features() if self.has_features else None)
