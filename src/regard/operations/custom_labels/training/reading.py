"""Reading the pictures of a training: each opened once, by this process or the machines of a cluster, and
shrunk to what the network sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from regard.context import Context
from regard.custom.manifests.faults import Fault, FaultCode
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart
from regard.operations.custom_labels.training.feature_task import FeatureTask, PictureReading, PictureToRead
from regard.operations.custom_labels.training.kept_features import KeptFeatures
from regard.operations.custom_labels.training.opening import has_boxes_on
from regard.tasks.choice import executor_of
from regard.tasks.task_node import TaskNode
from regard.vision.pixels import Floats

STEP: Final = 32
"""Pictures a step."""
_NONE_KNOWN: Final[NDArray[np.uint64]] = np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False, slots=True)
class ReadPictures:
    """`features` (N, D) of N pictures, zeros where one is of no use; `errors` say why, by their places."""

    features: Floats
    errors: Mapping[int, Fault]


Kept = Mapping[TrainingPart, KeptFeatures]
"""What is kept of the data sets that a training reads; nothing of manifests."""


def read_pictures(
    ctx: Context, examples: Sequence[TrainingExample], done: int, kept: Kept | None = None
) -> Iterator[ReadPictures]:
    """The pictures behind the first `done`, some at a time. Raises InternalServerError while a bucket is
    away, or where the machines of a cluster fail.

    A picture's features are those of its bytes, by whichever machine and in whatever company it is read. So
    they may be `kept`, to which those that are read now are added. Of a picture with boxes they are not,
    since its size must be seen again.
    """
    reading = _SharedReading(ctx, kept or {})
    with closing(reading.executor.results(reading.tasks(examples[done:]))) as results:
        readings = chain.from_iterable(results)
        for begin in range(done, len(examples), STEP):
            some = examples[begin : begin + STEP]
            yield reading.joined(begin, some, list(islice(readings, len(some))))


class _SharedReading:
    """Handing pictures out, and putting together what comes back."""

    def __init__(self, ctx: Context, kept: Kept) -> None:
        self._node = TaskNode(ctx.settings, ctx.models, ctx.stores.objects)
        self._network = ctx.models.features.digest
        self._kept = kept
        self.executor = executor_of(self._node)

    def tasks(self, examples: Sequence[TrainingExample]) -> Iterator[FeatureTask]:
        """The examples in ranges, none of which is in both sets."""
        for part, in_part in groupby(examples, lambda one: one.part):
            known = self._kept[part].known() if part in self._kept else _NONE_KNOWN
            while some := tuple(islice(in_part, self.executor.grain)):
                yield FeatureTask(tuple(map(_to_read, some)), self._network, known)

    def joined(
        self, begin: int, examples: Sequence[TrainingExample], read: Sequence[PictureReading]
    ) -> ReadPictures:
        """What was read of examples whose first is the `begin`-th, in their order."""
        rows = np.zeros((len(examples), self._node.models.features.dimension), np.float32)
        errors: dict[int, Fault] = {}
        fresh: dict[TrainingPart, dict[bytes, Floats]] = {part: {} for part in self._kept}
        for place, (example, reading) in enumerate(zip(examples, read, strict=True)):
            known = self._known(example, reading)
            if known is not None:
                rows[place] = known
                continue
            one = self._read_here(example) if reading.is_left_out else reading
            fault = one.fault
            if fault is None and not has_boxes_on(example, *one.size):
                fault = Fault.of(FaultCode.INVALID_IMAGE_DIMENSION)
            if fault is not None:
                errors[begin + place] = fault
                continue
            rows[place] = one.features
            if example.part in fresh and not example.boxes:
                fresh[example.part][one.picture] = one.features
        for part, found in fresh.items():
            self._kept[part].add(found)
        return ReadPictures(rows, errors)

    def _known(self, example: TrainingExample, reading: PictureReading) -> Floats | None:
        """The features that are kept of a picture that was not read."""
        return self._kept[example.part].get(reading.picture) if reading.is_left_out else None

    def _read_here(self, example: TrainingExample) -> PictureReading:
        """What was taken for known and isn't: its record is damaged."""
        (one,) = FeatureTask((_to_read(example),), self._network, _NONE_KNOWN).run(self._node)
        return one


def _to_read(example: TrainingExample) -> PictureToRead:
    return PictureToRead(example.bucket, example.key, needs_size=bool(example.boxes))
