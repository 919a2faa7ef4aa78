"""Some pictures that are to be enrolled, as a task: their faces, and the embeddings of those that will be."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from regard.errors import InvalidParameterException
from regard.operations.bulk.picture_task import UNUSABLE, PictureLimits
from regard.operations.collections.face_choice import FaceChoice
from regard.operations.inputs.images import decoded
from regard.tasks.task_node import TaskNode
from regard.vision.findings import Pictures
from regard.vision.sent_findings import SentPicture


@dataclass(frozen=True, slots=True)
class EnrolmentTask:
    """`pictures` are buckets and keys, `models` the versions of the face models that embed."""

    pictures: tuple[tuple[str, str], ...]
    limits: PictureLimits
    choice: FaceChoice
    models: tuple[str, ...]

    def run(self, node: TaskNode) -> list[SentPicture | None]:
        """In their order; None for one that can't be used: whoever enrols it is told why, and so reads it
        themself. Raises InternalServerError while a bucket can't be reached, and PackError where a network is
        damaged.
        """
        return [self._seen(node, *one) for one in self.pictures]

    def _seen(self, node: TaskNode, bucket: str, key: str) -> SentPicture | None:
        limits = self.limits
        try:
            content = node.objects.read(bucket, key, None, limit=limits.size)
            # Of this picture alone, for the memory's sake.
            picture = decoded(Pictures(node.models), content, limits.side, limits.pixels)
        except UNUSABLE:
            return None
        embedders = {version: node.face_models[version].embedder for version in self.models}
        faces = picture.faces()
        with suppress(InvalidParameterException):  # of who isn't alone nobody is embedded
            kept = self.choice.among(faces).kept
            for embedder in embedders.values():
                picture.embeddings(embedder, kept)
        image = picture.image
        found = picture.sent(["faces"], embedders)
        return SentPicture(image.digest, image.width, image.height, image.encoded_size, found)
