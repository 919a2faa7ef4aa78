"""The report of a training: an HTML page that needs no network, with the pictures that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regard.presentation.numbers import percent, span
from regard.presentation.pages import render
from regard.presentation.tables import Breaks, Header, Table, numbers
from regard.presentation.training.curves import CurvePlot, curve_plot
from regard.presentation.wording import count
from regard.vision.custom.curves import ThresholdCurve
from regard.vision.custom.rates import Retrieval

MAX_MATRIX: Final = 30
"""Labels up to which the confusion matrix is shown whole; of more, the largest confusions are listed."""
_FEW: Final = 10  # test pictures of a label, below which its interval says little
_MAX_CONFUSIONS: Final = 40
_MAX_CURVES: Final = 60
_NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class ReportPicture:
    """A picture of a report: its source-ref, and a small JPEG as a `data:` URI, None where it is gone.

    `shown` are the labels that people gave it, `said` those that the model gave, with confidences, 0 to 1.
    `remark` is what is to be said of it.
    """

    source: str
    thumbnail: str | None
    shown: tuple[str, ...]
    said: tuple[tuple[str, float], ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """How many test pictures of the label `truth` were given the label `given`; None stands for no label.

    `pictures` are some of them.
    """

    truth: str | None
    given: str | None
    count: int
    pictures: Sequence[ReportPicture]

    @property
    def is_right(self) -> bool:
        return self.truth == self.given


@dataclass(frozen=True, slots=True)
class LabelResult:
    """How a label fares on the test pictures. `training` and `testing` count its pictures, `threshold`, 0 to
    1, is its assumed threshold. `is_judged_on_folds`: it was chosen on folds of the training set. `curve` is
    None where no test picture has the label.
    """

    name: str
    found: Retrieval
    training: int
    testing: int
    threshold: float
    is_judged_on_folds: bool
    curve: ThresholdCurve | None = None


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a training came to. `mistakes`: test pictures, the worst first; `doubts`: training pictures whose
    labels may be wrong, the likeliest first. `f1` is the mean over the labels of the test set, 0 to 1.
    """

    project: str
    version: str
    arn: str
    f1: float
    training: int
    testing: int
    unusable: int
    labels: Sequence[LabelResult]
    cells: Sequence[ConfusionCell]
    mistakes: Sequence[ReportPicture]
    mistaken: int
    doubts: Sequence[ReportPicture]
    doubted: int
    remarks: Sequence[str] = ()


def training_page(report: TrainingReport) -> str:
    """The whole report as HTML."""
    return render(
        "training.html",
        title=f"{report.project}, version {report.version}",
        report=report,
        labels=_labels(report.labels),
        curves=_curves(report.labels),
        matrix=_matrix(report),
        confusions=_confusions(report.cells),
        cells=[cell for cell in report.cells if cell.pictures],
        named=_named,
        anchors={(cell.truth, cell.given): f"cell-{n}" for n, cell in enumerate(report.cells)},
        percent=percent,
        count=count,
        few=_FEW,
    )


@dataclass(frozen=True, slots=True)
class _Matrix:
    """`rows` are those that show a label, or none; each cell is a count and how dark it is, 0 to 1."""

    columns: Sequence[str | None]
    rows: Sequence[tuple[str | None, Sequence[tuple[ConfusionCell | None, float]]]]


def _labels(labels: Sequence[LabelResult]) -> Table:
    rows = [
        (
            one.name,
            f"{one.training:,}",
            f"{one.testing:,}",
            _interval(one.found.f1, one.found.f1_interval) if one.testing else "–",
            _interval(one.found.precision, one.found.precision_interval) if one.testing else "–",
            _interval(one.found.recall, one.found.recall_interval) if one.testing else "–",
            f"{100 * one.threshold:.0f} %{' *' if one.is_judged_on_folds else ''}",
        )
        for one in labels
    ]
    heads = [
        Header("Label", Breaks.ANYWHERE),
        *numbers("Training", "Test", "F1", "Precision", "Recall", "Assumed from"),
    ]
    return Table(heads, rows)


def _curves(labels: Sequence[LabelResult]) -> Sequence[CurvePlot]:
    """Those of all labels, or of the worst where there are many."""
    known = [one for one in labels if one.curve is not None]
    shown = sorted(known, key=lambda one: one.found.f1)[:_MAX_CURVES]
    return [
        curve_plot(one.name, one.curve, one.threshold)
        for one in known
        if one.curve is not None and one in shown
    ]


def _interval(value: float, bounds: tuple[float, float]) -> str:
    return span(value, *bounds, percent)


def _matrix(report: TrainingReport) -> _Matrix | None:
    names = [one.name for one in report.labels]
    if len(names) > MAX_MATRIX or not report.cells:
        return None
    found = {(cell.truth, cell.given): cell for cell in report.cells}
    used = {name for pair in found for name in pair}
    columns: list[str | None] = [*names, *([None] if None in used else [])]
    rows = []
    for truth in columns:
        row = [found.get((truth, given)) for given in columns]
        whole = sum(cell.count for cell in row if cell is not None)
        if whole:
            rows.append((truth, [(cell, cell.count / whole if cell else 0.0) for cell in row]))
    return _Matrix(columns, rows)


def _confusions(cells: Sequence[ConfusionCell]) -> Sequence[ConfusionCell]:
    """Those of different labels, the most frequent first."""
    wrong = [cell for cell in cells if not cell.is_right]
    return sorted(wrong, key=lambda cell: -cell.count)[:_MAX_CONFUSIONS]


def _named(label: str | None) -> str:
    return _NOTHING if label is None else label
