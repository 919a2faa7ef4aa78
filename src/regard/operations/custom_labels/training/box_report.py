"""The report of a training of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regard.operations.custom_labels.training.examples import TrainingExample
from regard.operations.custom_labels.training.reporting import MISTAKES, Reporting
from regard.operations.custom_labels.training.tuning_remarks import MEAN_PRECISION, tuning_remark
from regard.presentation.training.report import ReportPicture
from regard.vision.custom.box_evaluation import BoxEvaluation, BoxOutcome
from regard.vision.custom.tuning.outcome import TuningOutcome

_RIGHT, _MISSED, _WRONG = "#2f9e44", "#1f5fa8", "#e03131"
_REMARK: Final = (
    "Boxes count as found where they share half of what they cover together (IoU .5). In the pictures: green "
    "is right, blue was missed, red is wrong."
)


def box_report(
    reporting: Reporting, evaluation: BoxEvaluation, tuning: TuningOutcome | None, f1: float
) -> bytes:
    """The report as HTML; `evaluation` is that of the model on the test pictures, `tuning` what came of
    fine-tuning.
    """
    wrong = [
        (example, outcomes)
        for example, outcomes in zip(reporting.testing, evaluation.pictures, strict=True)
        if any(map(_is_wrong, outcomes))
    ]
    wrong.sort(key=lambda one: (-sum(map(_is_wrong, one[1])), one[0].line))
    return reporting.page(
        evaluation,
        f1,
        mistakes=[_picture(reporting, *one) for one in wrong[:MISTAKES]],
        mistaken=len(wrong),
        remarks=(_REMARK, *(() if tuning is None else (tuning_remark(tuning, MEAN_PRECISION),))),
    )


def _picture(reporting: Reporting, example: TrainingExample, outcomes: Sequence[BoxOutcome]) -> ReportPicture:
    """A picture with its boxes: those that are right, missed and wrong."""
    missed = sum(one.true is not None and not one.is_assumed for one in outcomes)
    wrong = sum(one.true is None and one.is_assumed for one in outcomes)
    shapes = [(one.found if one.is_assumed else one.true, _colour(one)) for one in outcomes]
    return ReportPicture(
        example.reference,
        reporting.pictures.with_boxes(example, [(box, colour) for box, colour in shapes if box is not None]),
        reporting.course.labels_of(example),
        tuple((one.name, one.confidence) for one in outcomes if one.is_assumed),
        f"{missed} missed, {wrong} wrong",
    )


def _is_wrong(outcome: BoxOutcome) -> bool:
    return outcome.is_assumed != (outcome.true is not None)


def _colour(outcome: BoxOutcome) -> str:
    """Of a box that is right, missed, or wrong."""
    if not outcome.is_assumed:
        return _MISSED
    return _WRONG if outcome.true is None else _RIGHT
