"""Some pictures of an audit, as a task: the main face of each, as an embedding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from regard.evaluation.choices import Main
from regard.evaluation.faces import Recognizer, SeenFace, see_main_face
from regard.operations.bulk.picture_task import PictureLimits
from regard.tasks.task_node import TaskNode
from regard.vision.image import Image, decode_image


@dataclass(frozen=True, slots=True)
class FaceTask:
    """`pictures` are buckets and keys, `model` is the face model's version; `describes`: age and gender are
    wanted, too.
    """

    pictures: tuple[tuple[str, str], ...]
    limits: PictureLimits
    model: str
    main: Main
    describes: bool

    def run(self, node: TaskNode) -> list[SeenFace]:
        """In their order. Raises PackError where a network is damaged."""
        analyzer = node.models.faces
        recognizer = Recognizer(analyzer, node.face_models[self.model])
        describer = analyzer if self.describes else None
        return [
            see_main_face(partial(self._load, node, *one), recognizer, self.main, describer)
            for one in self.pictures
        ]

    def _load(self, node: TaskNode, bucket: str, key: str) -> Image:
        limits = self.limits
        content = node.objects.read(bucket, key, None, limit=limits.size)
        return decode_image(content, max_side=limits.side, max_pixels=limits.pixels)
