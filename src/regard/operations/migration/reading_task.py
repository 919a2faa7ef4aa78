"""Images of a source, as a task: which picture of a bucket each is, and the vectors of its faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from regard.migration.records import SourceFace
from regard.operations.bulk.picture_task import PictureLimits
from regard.operations.inputs.images import decoded
from regard.operations.migration.reading import (
    UNUSABLE,
    CarryingRules,
    FoundBoxes,
    ImageReading,
    read_image,
)
from regard.tasks.task_node import TaskNode
from regard.vision.findings import PictureFindings, Pictures
from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class SoughtImage:
    """An image of the source: where its faces are, in fractions of its sides, and the keys of the pictures
    that it may be, each with a number that those of one name share.
    """

    boxes: tuple[Box, ...]
    candidates: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReadingTask:
    """`images` that are in `bucket`, whose faces the face model of the version `model` embeds. Who they are
    doesn't travel: faces are known by their places among those of their image.
    """

    bucket: str
    images: tuple[SoughtImage, ...]
    limits: PictureLimits
    rules: CarryingRules
    model: str

    def run(self, node: TaskNode) -> list[ImageReading]:
        """In their order. Raises InternalServerError while the bucket can't be reached, and PackError where a
        network is damaged.
        """
        embedder = node.face_models[self.model].embedder
        seen: FoundBoxes = {}
        return [
            read_image(
                lambda key: self._open(node, key),
                embedder,
                self.rules,
                "",
                [SourceFace(str(number), "", "", box) for number, box in enumerate(one.boxes)],
                dict(one.candidates),
                seen,
            )
            for one in self.images
        ]

    def _open(self, node: TaskNode, key: str) -> PictureFindings | None:
        limits = self.limits
        try:
            content = node.objects.read(self.bucket, key, None, limit=limits.size)
            return decoded(Pictures(node.models), content, limits.side, limits.pixels)
        except UNUSABLE:
            return None


def sought_image(faces: Sequence[SourceFace], candidates: Mapping[str, str]) -> SoughtImage:
    """An image as it travels."""
    numbers = {name: str(number) for number, name in enumerate(dict.fromkeys(candidates.values()))}
    keys = tuple((key, numbers[name]) for key, name in candidates.items())
    return SoughtImage(tuple(face.box for face in faces), keys)


def of_faces(reading: ImageReading, image_id: str, faces: Sequence[SourceFace]) -> ImageReading:
    """A reading that has travelled, of these faces of an image."""
    carried = [replace(one, face=faces[int(one.face.face_id)]) for one in reading.carried]
    left = {faces[int(place)].face_id: reason for place, reason in reading.left.items()}
    return ImageReading(image_id, carried, left)
