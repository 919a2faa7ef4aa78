"""What a training's report tells, whatever was learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from regard.context import Context
from regard.custom.version_records import ProjectVersion
from regard.operations.custom_labels.training.course import Course
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart
from regard.operations.custom_labels.training.report_pictures import ReportPictures
from regard.operations.custom_subjects import custom_arn
from regard.presentation.training.report import (
    ConfusionCell,
    LabelResult,
    ReportPicture,
    TrainingReport,
    training_page,
)
from regard.vision.custom.box_evaluation import BoxEvaluation
from regard.vision.custom.evaluation import LabelEvaluation
from regard.vision.custom.thresholds import MIN_PICTURES

MISTAKES: Final = 48
"""How many of the worst mistakes are shown."""


@dataclass(frozen=True)
class Reporting:
    """One training, as reports of labels and of boxes tell of it."""

    ctx: Context
    version: ProjectVersion
    course: Course

    @cached_property
    def pictures(self) -> ReportPictures:
        """Those that are shown."""
        return ReportPictures(self.ctx)

    @cached_property
    def training(self) -> Sequence[TrainingExample]:
        """The pictures that were learned from."""
        return [one for _, one in self.course.valid(TrainingPart.TRAINING)]

    @cached_property
    def testing(self) -> Sequence[TrainingExample]:
        """Those that the model was judged by."""
        return [one for _, one in self.course.valid(TrainingPart.TESTING)]

    def page(
        self,
        evaluation: LabelEvaluation | BoxEvaluation,
        f1: float,
        *,
        mistakes: Sequence[ReportPicture],
        mistaken: int,
        remarks: Sequence[str],
        cells: Sequence[ConfusionCell] = (),
        doubts: Sequence[ReportPicture] = (),
        doubted: int = 0,
    ) -> bytes:
        """The report as HTML. All but the evaluation of the test pictures are members of TrainingReport."""
        learned, judged = self._counts(self.training), self._counts(self.testing)
        report = TrainingReport(
            project=self.version.project_name,
            version=self.version.name,
            arn=custom_arn(self.ctx.settings, self.version.resource),
            f1=f1,
            training=len(self.training),
            testing=len(self.testing),
            unusable=sum(one.invalid for one in self.course.statistics().values()),
            labels=[
                LabelResult(
                    name,
                    found,
                    learned[name],
                    judged[name],
                    evaluation.thresholds[name],
                    judged[name] < MIN_PICTURES,
                    evaluation.curves.get(name),
                )
                for name, found in evaluation.labels.items()
            ],
            cells=cells,
            mistakes=mistakes,
            mistaken=mistaken,
            doubts=doubts,
            doubted=doubted,
            remarks=remarks,
        )
        return training_page(report).encode()

    def _counts(self, examples: Sequence[TrainingExample]) -> Counter[str]:
        return Counter(label for example in examples for label in self.course.labels_of(example))
