"""What a training's report tells, and the pictures that it shows."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import PIL.Image as Pillow
from PIL import ImageDraw

from regard.context import Context
from regard.custom.version_records import ProjectVersion
from regard.errors import ServiceError
from regard.operations.custom_labels.training.course import Course
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart
from regard.operations.custom_labels.training.reading import UnusableImage, open_picture
from regard.operations.custom_subjects import custom_arn
from regard.presentation.training.report import (
    ConfusionCell,
    LabelResult,
    ReportPicture,
    TrainingReport,
    training_page,
)
from regard.vision.custom.box_evaluation import BoxEvaluation, BoxOutcome
from regard.vision.custom.doubts import doubted_labels
from regard.vision.custom.evaluation import LabelEvaluation, LabelOutcome, cells_of
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.label_model import LabelFit
from regard.vision.custom.thresholds import MIN_PICTURES, few_pictures
from regard.vision.geometry import Box
from regard.vision.pixels import resize

MISTAKES: Final = 48
DOUBTS: Final = 24
OF_RIGHT, OF_WRONG = 4, 12
"""Pictures that are shown: of the worst mistakes, of doubts, and of each cell of the confusion matrix."""
_ALL_CELLS: Final = 240
_SIDE: Final = 160  # px of a thumbnail's longer side
_QUALITY: Final = 72
_RIGHT, _MISSED, _WRONG = "#2f9e44", "#1f5fa8", "#e03131"
_BOXES_REMARK: Final = (
    "Boxes count as found where they share half of what they cover together (IoU .5). In the pictures: green "
    "is right, blue was missed, red is wrong."
)

_Judged = tuple[TrainingExample, tuple[LabelOutcome, ...]]


@dataclass(frozen=True, slots=True)
class Reporter:
    """Makes the report of one training. A picture is opened once, however often it is shown."""

    ctx: Context
    version: ProjectVersion
    course: Course
    _thumbnails: dict[str, str | None] = field(default_factory=dict)

    def labels_page(
        self, fit: LabelFit, test: LabelExamples, evaluation: LabelEvaluation, f1: float
    ) -> bytes:
        """The report as HTML; `evaluation` is that of the fit's model on `test`."""
        return training_page(self._report(fit, test, evaluation, f1)).encode()

    def boxes_page(self, evaluation: BoxEvaluation, f1: float) -> bytes:
        """The report of boxes as HTML."""
        training = [one for _, one in self.course.valid(TrainingPart.TRAINING)]
        testing = [one for _, one in self.course.valid(TrainingPart.TESTING)]
        learned, judged = self._counts(training), self._counts(testing)
        wrong = [
            (example, outcomes)
            for example, outcomes in zip(testing, evaluation.pictures, strict=True)
            if any(_is_wrong(one) for one in outcomes)
        ]
        wrong.sort(key=lambda one: (-sum(map(_is_wrong, one[1])), one[0].line))
        report = TrainingReport(
            project=self.version.project_name,
            version=self.version.name,
            arn=custom_arn(self.ctx.settings, self.version.resource),
            f1=f1,
            training=len(training),
            testing=len(testing),
            unusable=sum(one.invalid for one in self.course.statistics().values()),
            labels=[
                LabelResult(
                    name,
                    found,
                    learned[name],
                    judged[name],
                    evaluation.thresholds[name],
                    judged[name] < MIN_PICTURES,
                )
                for name, found in evaluation.labels.items()
            ],
            cells=(),
            mistakes=[self._boxed(*one) for one in wrong[:MISTAKES]],
            mistaken=len(wrong),
            doubts=(),
            doubted=0,
            remarks=(_BOXES_REMARK,),
        )
        return training_page(report).encode()

    def _boxed(self, example: TrainingExample, outcomes: Sequence[BoxOutcome]) -> ReportPicture:
        """A picture with its boxes: those that are right, missed and wrong."""
        assumed = tuple((one.name, one.confidence) for one in outcomes if one.is_assumed)
        missed = sum(one.true is not None and not one.is_assumed for one in outcomes)
        wrong = sum(one.true is None and one.is_assumed for one in outcomes)
        shapes = [
            (one.found if one.is_assumed else one.true, _colour(one))
            for one in outcomes
            if one.is_assumed or one.true is not None
        ]
        return ReportPicture(
            example.reference,
            self._drawn(example, shapes),
            self.course.labels_of(example),
            assumed,
            f"{missed} missed, {wrong} wrong",
        )

    def _report(
        self, fit: LabelFit, test: LabelExamples, evaluation: LabelEvaluation, f1: float
    ) -> TrainingReport:
        training = [one for _, one in self.course.valid(TrainingPart.TRAINING)]
        testing = [one for _, one in self.course.valid(TrainingPart.TESTING)]
        few, learned = few_pictures(fit.model.names, test), self._counts(training)
        wrong = [
            (_badness(outcomes), example, outcomes)
            for example, outcomes in zip(testing, evaluation.pictures, strict=True)
            if any(one.is_true != one.is_assumed for one in outcomes)
        ]
        wrong.sort(key=lambda one: (-one[0], one[1].line))
        doubts = doubted_labels(fit)
        return TrainingReport(
            project=self.version.project_name,
            version=self.version.name,
            arn=custom_arn(self.ctx.settings, self.version.resource),
            f1=f1,
            training=len(training),
            testing=len(testing),
            unusable=sum(one.invalid for one in self.course.statistics().values()),
            labels=[
                LabelResult(
                    name,
                    found,
                    learned[name],
                    test.counts[name],
                    evaluation.thresholds[name],
                    name in few,
                )
                for name, found in evaluation.labels.items()
            ],
            cells=self._cells(testing, evaluation),
            mistakes=[self._picture(example, outcomes) for _, example, outcomes in wrong[:MISTAKES]],
            mistaken=len(wrong),
            doubts=[
                self._picture(training[one.row], (), _doubted(one.confidence, one.likelier))
                for one in doubts[:DOUBTS]
            ],
            doubted=len(doubts),
            remarks=_remarks(fit),
        )

    def _counts(self, examples: Sequence[TrainingExample]) -> Counter[str]:
        return Counter(label for example in examples for label in self.course.labels_of(example))

    def _cells(self, testing: Sequence[TrainingExample], evaluation: LabelEvaluation) -> list[ConfusionCell]:
        shown, left = [], _ALL_CELLS
        ordered = sorted(evaluation.confusion.items(), key=lambda cell: (cell[0][0] == cell[0][1], -cell[1]))
        for (truth, given), count in ordered:
            wanted = min(OF_RIGHT if truth == given else OF_WRONG, left)
            pictures = self._of_cell(testing, evaluation, (truth, given))[:wanted]
            left -= len(pictures)
            shown.append(
                ConfusionCell(truth, given, count, [self._picture(one, said) for one, said in pictures])
            )
        return shown

    def _of_cell(
        self,
        testing: Sequence[TrainingExample],
        evaluation: LabelEvaluation,
        cell: tuple[str | None, str | None],
    ) -> list[_Judged]:
        """The test pictures of a cell."""
        return [
            (example, outcomes)
            for example, outcomes in zip(testing, evaluation.pictures, strict=True)
            if cell in cells_of(outcomes)
        ]

    def _picture(
        self, example: TrainingExample, outcomes: tuple[LabelOutcome, ...], remark: str = ""
    ) -> ReportPicture:
        said = tuple((one.name, one.confidence) for one in outcomes)
        return ReportPicture(
            example.reference, self._thumbnail(example), self.course.labels_of(example), said, remark
        )

    def _thumbnail(self, example: TrainingExample) -> str | None:
        if example.reference not in self._thumbnails:
            self._thumbnails[example.reference] = self._drawn(example)
        return self._thumbnails[example.reference]

    def _drawn(self, example: TrainingExample, shapes: Sequence[tuple[Box | None, str]] = ()) -> str | None:
        """A small JPEG as a `data:` URI, with boxes in fractions in colours; None where the picture is gone
        since it was read.
        """
        try:
            image = open_picture(self.ctx, example)
        except (UnusableImage, ServiceError):
            return None
        scale = min(1.0, (_SIDE * 2 if shapes else _SIDE) / max(image.width, image.height))
        small = resize(image.pixels, max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        out = io.BytesIO()
        canvas = Pillow.fromarray(small)
        pen = ImageDraw.Draw(canvas)
        for box, colour in shapes:
            if box is not None:
                sides = box.left, box.top, box.left + box.width, box.top + box.height
                ends = [side * (canvas.width, canvas.height)[n % 2] for n, side in enumerate(sides)]
                pen.rectangle((ends[0], ends[1], ends[2], ends[3]), outline=colour, width=2)
        canvas.save(out, "JPEG", quality=_QUALITY)
        return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def _is_wrong(outcome: BoxOutcome) -> bool:
    return outcome.is_assumed != (outcome.true is not None)


def _colour(outcome: BoxOutcome) -> str:
    """Of a box that is right, missed, or wrong."""
    if not outcome.is_assumed:
        return _MISSED
    return _WRONG if outcome.true is None else _RIGHT


def _badness(outcomes: tuple[LabelOutcome, ...]) -> float:
    """How sure a mistake is: of what was said wrongly, or of what was missed."""
    return max(
        one.confidence if one.is_assumed else 1 - one.confidence
        for one in outcomes
        if one.is_true != one.is_assumed
    )


def _doubted(confidence: float, likelier: str | None) -> str:
    instead = "" if likelier is None else f"; likelier: {likelier}"
    return f"probability {100 * confidence:.0f} %{instead}"


def _remarks(fit: LabelFit) -> list[str]:
    remarks = []
    if fit.model.is_exclusive and not fit.model.knows_none:
        remarks.append(
            "The model gives pictures of anything else one of these labels, too: knowing what else there is "
            "would have cost more than two points of F1 here."
        )
    if fit.model.none_label is not None:
        remarks.append(f"Pictures of {fit.model.none_label} were learned as none of the labels.")
    return remarks
