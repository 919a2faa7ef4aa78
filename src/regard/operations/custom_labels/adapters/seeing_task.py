"""Some pictures of an adapter's training, as a task: what the base says of each, and its features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regard.custom.manifests.faults import Fault
from regard.errors import RegardError
from regard.operations.custom_labels.training.opening import UnusableImage, open_content, read_content
from regard.operations.pictures.moderation import confidences_of, find_nudity
from regard.operations.pictures.moderation_adapters import base_digest
from regard.tasks.task_node import TaskNode
from regard.vision.findings import PictureFindings
from regard.vision.pixels import Floats


@dataclass(frozen=True, eq=False, slots=True)
class BaseSeeing:
    """What the base says of a picture, percent by label, and its `features` (D,); or the `fault` alone."""

    said: Mapping[str, float]
    features: Floats | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class SeeingTask:
    """`pictures` are buckets and keys, `base` is the digest of what the adapter corrects and reads."""

    pictures: tuple[tuple[str, str], ...]
    base: str | None

    def run(self, node: TaskNode) -> list[BaseSeeing]:
        """In their order. Raises InternalServerError while a bucket can't be reached, RegardError where the
        base is another, and PackError where a network is damaged.
        """
        if base_digest(node.models) != self.base:
            raise RegardError("A machine of the Ray cluster has other models than the worker.")
        return [_seen(node, bucket, key) for bucket, key in self.pictures]


def _seen(node: TaskNode, bucket: str, key: str) -> BaseSeeing:
    try:
        image = open_content(read_content(node.objects, bucket, key))
    except UnusableImage as error:
        return BaseSeeing({}, fault=error.error)
    picture = PictureFindings(image, node.models)  # decoded once for both
    return BaseSeeing(confidences_of(find_nudity(picture)), picture.features())
