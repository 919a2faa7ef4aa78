"""Some pictures of a training, as a task: what the network sees in each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regard.custom.manifests.faults import Fault
from regard.errors import RegardError
from regard.operations.custom_labels.training.opening import UnusableImage, open_content, read_content
from regard.tasks.task_node import TaskNode
from regard.vision.pixels import Floats


@dataclass(frozen=True, slots=True)
class PictureToRead:
    """Where a picture is. Features that are known already do, unless its size is asked for."""

    bucket: str
    key: str
    needs_size: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class PictureReading:
    """What was seen: the SHA-256 of the bytes; `features` (D,), none of a picture that is left out, and the
    upright picture's `size` in px. Of one that is of no use the `fault` alone.
    """

    picture: bytes = b""
    features: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    size: tuple[int, int] = (0, 0)
    fault: Fault | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether its features seem to be known."""
        return self.fault is None and not self.features.size


@dataclass(frozen=True, eq=False, slots=True)
class FeatureTask:
    """`network` is the digest of the one that reads them. `known`: the first eight bytes of the SHA-256 of
    pictures whose features whoever asks has already, as little-endian uint64, sorted.
    """

    pictures: tuple[PictureToRead, ...]
    network: str
    known: NDArray[np.uint64]

    def run(self, node: TaskNode) -> list[PictureReading]:
        """In their order. Raises InternalServerError while a bucket can't be reached, RegardError where the
        network is another.
        """
        check_network(node, self.network)
        return [self._read(node, one) for one in self.pictures]

    def _read(self, node: TaskNode, one: PictureToRead) -> PictureReading:
        try:
            data = read_content(node.objects, one.bucket, one.key)
            picture = hashlib.sha256(data).digest()
            if not one.needs_size and self._is_known(picture):
                return PictureReading(picture)
            image = open_content(data)
        except UnusableImage as error:
            return PictureReading(fault=error.error)
        return PictureReading(picture, node.models.features.read(image), (image.width, image.height))

    def _is_known(self, picture: bytes) -> bool:
        """As far as eight bytes tell."""
        first = np.frombuffer(picture[:8], "<u8")[0]
        place = int(np.searchsorted(self.known, first))
        return place < len(self.known) and bool(self.known[place] == first)


def check_network(node: TaskNode, network: str) -> None:
    """Raises RegardError where the features of a node are another network's: what is learned from both
    together would be worth nothing.
    """
    if node.models.features.digest != network:
        raise RegardError("A machine of the Ray cluster has another model pack than the worker.")
