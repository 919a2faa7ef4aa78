"""Precision and recall of a label as a drawing: by the confidence from which on it is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from regard.presentation.numbers import percent
from regard.vision.custom.curves import THRESHOLDS, ThresholdCurve

_WIDTH: Final = 200
_HEIGHT: Final = 110
_LEFT: Final = 6
_RIGHT: Final = 194
_TOP: Final = 6
_BOTTOM: Final = 92


@dataclass(frozen=True, slots=True)
class CurvePlot:
    """A drawing in units of its own, which is scaled to the page. `precision` and `recall` are the points of
    lines in SVG; precision has several where nothing is given in between. `threshold` is the x of the assumed
    threshold, `title` is for who can't see it.
    """

    name: str
    title: str
    precision: tuple[str, ...]
    recall: str
    threshold: float
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP
    bottom: int = _BOTTOM


def curve_plot(name: str, curve: ThresholdCurve, threshold: float) -> CurvePlot:
    """Of a label that is given from `threshold`, 0 to 1, on."""
    place = round(100 * threshold)
    precision = curve.precision[place]
    said = "nothing is given" if precision is None else f"precision {percent(precision)}"
    return CurvePlot(
        name,
        f"From {percent(threshold)} on: {said}, recall {percent(curve.recall[place])}.",
        tuple(_lines(curve.precision)),
        next(_lines(curve.recall)),
        _x(threshold),
    )


def _lines(values: Iterable[float | None]) -> Iterator[str]:
    points: list[str] = []
    for threshold, value in zip(THRESHOLDS, values, strict=True):
        if value is not None:
            points.append(f"{_x(threshold):g},{round(_BOTTOM - value * (_BOTTOM - _TOP), 1):g}")
        elif points:
            yield " ".join(points)
            points = []
    if points:
        yield " ".join(points)


def _x(threshold: float) -> float:
    return round(_LEFT + threshold * (_RIGHT - _LEFT), 1)
