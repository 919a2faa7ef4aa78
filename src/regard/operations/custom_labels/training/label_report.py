"""The report of a training of labels of whole pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from regard.operations.custom_labels.training.examples import TrainingExample
from regard.operations.custom_labels.training.reporting import MISTAKES, Reporting
from regard.operations.custom_labels.training.tuning_remarks import MEAN_F1, tuning_remark
from regard.presentation.training.report import ConfusionCell, ReportPicture
from regard.vision.custom.doubts import doubted_labels
from regard.vision.custom.evaluation import LabelEvaluation, LabelOutcome, cells_of
from regard.vision.custom.label_model import LabelFit
from regard.vision.custom.tuning.outcome import TuningOutcome

DOUBTS: Final = 24
OF_RIGHT, OF_WRONG = 4, 12
"""Pictures that are shown: of doubts, and of each cell of the confusion matrix."""
_ALL_CELLS: Final = 240

_Judged = tuple[TrainingExample, tuple[LabelOutcome, ...]]


def label_report(
    reporting: Reporting,
    fit: LabelFit,
    evaluation: LabelEvaluation,
    tuning: TuningOutcome | None,
    f1: float,
) -> bytes:
    """The report as HTML; `evaluation` is that of the model on the test pictures, `tuning` what came of
    fine-tuning the network that `fit` reads.
    """
    judged: list[_Judged] = list(zip(reporting.testing, evaluation.pictures, strict=True))
    wrong = [one for one in judged if any(said.is_true != said.is_assumed for said in one[1])]
    wrong.sort(key=lambda one: (-_badness(one[1]), one[0].line))
    doubts = doubted_labels(fit)
    return reporting.page(
        evaluation,
        f1,
        cells=_cells(reporting, evaluation, judged),
        mistakes=[_picture(reporting, *one) for one in wrong[:MISTAKES]],
        mistaken=len(wrong),
        doubts=[
            _picture(reporting, reporting.training[one.row], (), _doubted(one.confidence, one.likelier))
            for one in doubts[:DOUBTS]
        ],
        doubted=len(doubts),
        remarks=[*_remarks(fit), *([] if tuning is None else [tuning_remark(tuning, MEAN_F1)])],
    )


def _cells(
    reporting: Reporting, evaluation: LabelEvaluation, judged: Sequence[_Judged]
) -> list[ConfusionCell]:
    """The cells of the confusion matrix, mistakes first, the largest first, with some of their pictures."""
    of_cell: defaultdict[tuple[str | None, str | None], list[_Judged]] = defaultdict(list)
    for one in judged:
        for cell in dict.fromkeys(cells_of(one[1])):
            of_cell[cell].append(one)
    shown, left = [], _ALL_CELLS
    ordered = sorted(evaluation.confusion.items(), key=lambda cell: (cell[0][0] == cell[0][1], -cell[1]))
    for (truth, given), count in ordered:
        wanted = min(OF_RIGHT if truth == given else OF_WRONG, left)
        pictures = of_cell[truth, given][:wanted]
        left -= len(pictures)
        shown.append(ConfusionCell(truth, given, count, [_picture(reporting, *one) for one in pictures]))
    return shown


def _picture(
    reporting: Reporting, example: TrainingExample, outcomes: Sequence[LabelOutcome], remark: str = ""
) -> ReportPicture:
    return ReportPicture(
        example.reference,
        reporting.pictures.thumbnail(example),
        reporting.course.labels_of(example),
        tuple((one.name, one.confidence) for one in outcomes),
        remark,
    )


def _badness(outcomes: Sequence[LabelOutcome]) -> float:
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
