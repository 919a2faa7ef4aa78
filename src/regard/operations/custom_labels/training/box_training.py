"""The training of boxes: pictures are checked one by one, then the heads are fitted on views of them."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from regard.context import Context
from regard.custom.version_records import ProjectVersion
from regard.operations.custom_labels.training.box_report import box_report
from regard.operations.custom_labels.training.course import Course
from regard.operations.custom_labels.training.evaluation_lines import box_evaluation_line, box_training_line
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart
from regard.operations.custom_labels.training.opening import open_again
from regard.operations.custom_labels.training.reporting import Reporting
from regard.operations.custom_labels.training.writing import ModelJudgement
from regard.vision.custom.box_evaluation import BoxOutcome, evaluate_boxes, matched
from regard.vision.custom.box_examples import BoxExample
from regard.vision.custom.box_file import StoredBoxModel, write_box_model
from regard.vision.custom.box_model import BoxFinding, find_boxes
from regard.vision.custom.boxes import BoxFit, JudgedBoxes, assumed_box_thresholds, fit_boxes
from regard.vision.custom.cells import BACKBONE
from regard.vision.custom.onnx_file import Backbone
from regard.vision.custom.tuned_boxes import TunedBoxModel, open_boxes
from regard.vision.geometry import corners
from regard.vision.image import Image

_TOLD_SECONDS: Final = 2.0

TestFindings = Sequence[Sequence[BoxFinding]]
"""What a model finds in each test picture."""


class _Stopped(Exception):
    """Nobody waits for the fit any more."""


@dataclass(frozen=True, slots=True)
class BoxTraining:
    """The fit of one course's boxes, and what its model finds in the test pictures."""

    ctx: Context
    course: Course

    def fit(self, seed: int) -> Generator[float | BoxFit]:
        """How much is done, 0 to 1, every other second, and the fit in the end. Closed, it is broken off.

        The same pictures and seed give the same fit.
        """
        told: queue.Queue[float | BoxFit | BaseException] = queue.Queue()
        stop = threading.Event()

        def progress(done: float) -> None:
            if stop.is_set():
                raise _Stopped
            told.put(done)

        thread = threading.Thread(target=self._fit, args=(seed, progress, told.put), name="fit")
        thread.start()
        try:
            yield from _reported(told)
        finally:
            stop.set()
            thread.join()

    def _fit(
        self, seed: int, progress: Callable[[float], None], tell: Callable[[BoxFit | BaseException], None]
    ) -> None:
        try:
            tell(fit_boxes(self.examples(), self.ctx.models.cells, seed=seed, progress=progress))
        except BaseException as error:  # noqa: BLE001 - whoever waits for the fit raises it
            tell(error)

    def examples(self) -> list[BoxExample]:
        """Those that are learned from."""
        return [self._example(one) for _, one in self.course.valid(TrainingPart.TRAINING)]

    def _example(self, example: TrainingExample) -> BoxExample:
        boxes = corners([box.box for box in example.boxes])
        return BoxExample(
            partial(open_again, self.ctx, example),
            hashlib.sha256(example.reference.encode()).hexdigest(),  # which seeds its views
            np.clip(boxes, 0, 1),
            tuple(box.label for box in example.boxes),
        )

    def found(self, find: Callable[[Image], Sequence[BoxFinding]]) -> TestFindings:
        """What `find` finds in each test picture."""
        return [find(open_again(self.ctx, example)) for _, example in self.course.valid(TrainingPart.TESTING)]

    def found_by(self, trained: StoredBoxModel | TunedBoxModel) -> TestFindings:
        """What a model finds there."""
        if isinstance(trained, TunedBoxModel):
            return self.found(trained.find)
        return self.found(partial(find_boxes, trained.model, self.ctx.models.cells))

    def thresholds(self, fit: JudgedBoxes, findings: TestFindings) -> dict[str, float]:
        """The assumed thresholds of a fit that finds these boxes in the test pictures."""
        judged: Sequence[Sequence[BoxOutcome]] = [
            matched(self._example(example).true, found)
            for (_, example), found in zip(self.course.valid(TrainingPart.TESTING), findings, strict=True)
        ]
        return assumed_box_thresholds(fit, judged)

    @property
    def backbone(self) -> Backbone:
        """The network that boxes are learned on."""
        return Backbone(BACKBONE, self.ctx.models.cells.digest)

    def model_file(self, fit: BoxFit) -> tuple[bytes, TestFindings]:
        """The file of a fit's model, with the thresholds that the test pictures give it, and what it finds in
        these.
        """
        findings = self.found(partial(find_boxes, fit.model, self.ctx.models.cells))
        stored = StoredBoxModel(fit.model, self.thresholds(fit, findings), self.backbone)
        return write_box_model(stored), findings

    def judge(self, version: ProjectVersion, model: str, findings: TestFindings | None) -> ModelJudgement:
        """What the kept `model` is worth. `findings` are its own, None where they aren't known any more."""
        trained = open_boxes(self.ctx.stores.custom.models.get(model))
        valid = [one for _, one in self.course.valid(TrainingPart.TESTING)]
        names = trained.names
        true = [[pair for pair in self._example(one).true if pair[0] in names] for one in valid]
        evaluation = evaluate_boxes(
            names, trained.thresholds, true, self.found_by(trained) if findings is None else findings
        )
        return ModelJudgement(
            training_lines=(
                box_training_line(one, names, version.created)
                for _, one in self.course.valid(TrainingPart.TRAINING)
            ),
            testing_lines=(
                box_evaluation_line(one, names, outcomes, number + 1, version.created)
                for number, (one, outcomes) in enumerate(zip(valid, evaluation.pictures, strict=True))
            ),
            thresholds=trained.thresholds,
            backbone=trained.backbone.digest,
            page=partial(box_report, Reporting(self.ctx, version, self.course), evaluation, trained.tuning),
            average_precision=evaluation.average_precision,
        )


def _reported(told: queue.Queue[float | BoxFit | BaseException]) -> Iterator[float | BoxFit]:
    """What is told, of how much is done not all, until the fit."""
    done = 0.0
    while True:
        try:
            one = told.get(timeout=_TOLD_SECONDS)
        except queue.Empty:
            yield done
            continue
        if isinstance(one, BaseException):
            raise one
        if isinstance(one, BoxFit):
            yield one
            return
        done = one
