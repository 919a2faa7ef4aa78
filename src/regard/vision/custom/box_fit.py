"""Fits labelled boxes on what CenterNet knows of pictures, which stays as it is: heads that are linear, so
that there is one answer, and no learning rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.box_examples import BoxExample, views
from regard.vision.custom.box_model import BoxModel
from regard.vision.custom.box_rows import INSIDE, OUTSIDE, CellTargets
from regard.vision.custom.cells import CellReader
from regard.vision.custom.folds import FOLDS
from regard.vision.custom.logistic import Balance, Doubles, WeightedRows, fit_logistic
from regard.vision.geometry import Mask, Rows
from regard.vision.pixels import Floats

RIDGE = 3e-3
SIDE_RIDGE = 3e-3
BALANCE = 0.5
_VIEWS = ((30, 6), (45, 4), (100, 3))  # of each picture, up to so many pictures; then 2
_QUOTA = 60  # cells of a view, in boxes; as many besides, and again in each of _MININGS, mistaken for boxes
_MININGS = 2
_POOL = 1024  # cells of a view that the mistaken are searched in
_POOL_ROWS = 100_000  # in all: 150 MB
_BLOCK = 16_384
_SAMPLE = 20_000  # cells that means are told from
_FITTED = 60_000  # cells that are fitted on, in all: 180 MB


@dataclass(frozen=True, eq=False, slots=True)
class CellRows:
    """Cells of many views: `cells` (N, D), float16; `middles` (N, L), 0 to 1; `distances` (N, 4);
    `is_middle` (N,); `pictures` (N,): whose they are; `views` (N,).
    """

    cells: NDArray[np.float16]
    middles: NDArray[np.float16]
    distances: NDArray[np.float32]
    is_middle: NDArray[np.bool_]
    pictures: NDArray[np.intp]
    views: NDArray[np.intp]

    def take(self, rows: NDArray[np.bool_] | Rows) -> CellRows:
        return CellRows(
            self.cells[rows],
            self.middles[rows],
            self.distances[rows],
            self.is_middle[rows],
            self.pictures[rows],
            self.views[rows],
        )


@dataclass(frozen=True, eq=False, slots=True)
class FittedHeads:
    """A fit on all pictures, and one without each fold."""

    whole: BoxModel
    by_fold: tuple[BoxModel, ...]


def read_rows(
    examples: Sequence[BoxExample],
    names: Sequence[str],
    reader: CellReader,
    *,
    seed: int,
    progress: Callable[[float], None] = lambda _: None,
) -> CellRows:
    """The cells that a fit needs. `progress` is told which share of the pictures has been read.

    What is drawn of a picture depends on its content and `seed`, not on its place.
    """
    count = next((some for limit, some in _VIEWS if len(examples) <= limit), 2)
    quota = _quota(len(examples) * count)
    pool = min(_POOL, _POOL_ROWS // (len(examples) * count))
    parts: list[CellRows] = []
    for number, example in enumerate(examples):
        image = example.open()
        random = np.random.default_rng([seed, int(example.digest[:16], 16)])
        columns = np.array([names.index(label) for label in example.labels], np.intp)
        for view in views(image, example.boxes, count, random):
            targets = CellTargets.of(view.boxes, columns[view.rows], len(names))
            rows = _chosen(targets, pool, quota, random)
            parts.append(_rows(reader.read(view.square), targets, rows, number, len(parts)))
        progress((number + 1) / len(examples))
    return _joined(parts)


def fit_heads(rows: CellRows, names: Sequence[str], folds: NDArray[np.intp]) -> FittedHeads:
    """The heads that fit cells best, and those that fit best without each fold; log-odds as they come, not
    yet calibrated. `folds`: of each picture.
    """
    some = rows.cells[:: 1 + len(rows.cells) // _SAMPLE].astype(np.float64)
    centre, spread = some.mean(0), np.maximum(some.std(0), 1e-3)
    nothing = np.zeros((len(centre), len(names)), np.float32)
    blank = BoxModel(
        tuple(names),
        centre.astype(np.float32),
        spread.astype(np.float32),
        nothing,
        nothing[0],
        np.zeros((len(centre), 4), np.float32),
        np.zeros(4, np.float32),
    )
    chosen = ~_is_outside(rows)
    found = np.zeros((len(centre) + 1, len(names)))
    for _ in range(_MININGS + 1):
        chosen |= _first_of_views(rows, chosen, _scores(blank, rows, found))
        found = _fit_scores(blank, rows.take(chosen), found)
    kept = rows.take(chosen)
    by_fold = []
    for fold in range(FOLDS):
        others = kept.take(folds[kept.pictures] != fold)
        if not others.is_middle.any():  # one picture, which can't be judged by others
            others = kept
        by_fold.append(_with_heads(blank, others, _fit_scores(blank, others, np.zeros_like(found))))
    return FittedHeads(_with_heads(blank, kept, found), tuple(by_fold))


def _with_heads(blank: BoxModel, rows: CellRows, found: Doubles) -> BoxModel:
    side_weights, side_bias = _fit_sides(blank, rows)
    return replace(
        blank,
        score_weights=found[:-1].astype(np.float32),
        score_bias=found[-1].astype(np.float32),
        side_weights=side_weights,
        side_bias=side_bias,
    )


def _quota(count: int) -> int:
    """How many cells of each of `count` views are fitted on, of each kind."""
    return max(4, min(_QUOTA, _FITTED // (count * (2 + _MININGS))))


def _chosen(targets: CellTargets, pool: int, quota: int, random: np.random.Generator) -> Rows:
    """The cells of a view to keep: some in boxes, then some outside of all, both in random order."""
    order = random.permutation(len(targets.middles))
    highest = targets.middles[order].max(1, initial=0)
    return np.concatenate([order[highest > INSIDE][:quota], order[highest < OUTSIDE][:pool]])


def _rows(cells: Floats, targets: CellTargets, rows: Rows, picture: int, view: int) -> CellRows:
    """The `rows` of a view's cells (D, 4096)."""
    return CellRows(
        cells[:, rows].T.astype(np.float16, order="C"),
        targets.middles[rows].astype(np.float16),
        targets.distances[rows].astype(np.float32),
        targets.is_middle[rows],
        np.full(len(rows), picture),
        np.full(len(rows), view),
    )


def _joined(parts: Sequence[CellRows]) -> CellRows:
    columns = [np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(CellRows)]
    return CellRows(*columns)


def _is_outside(rows: CellRows) -> Mask:
    return np.asarray(rows.middles.max(1, initial=0) < OUTSIDE)


def _scores(model: BoxModel, rows: CellRows, found: Doubles) -> NDArray[np.float32]:
    """(N,): the highest log-odds of any label; zeros before there is a fit."""
    scores = np.zeros(len(rows.cells), np.float32)
    if found.any():
        for begin in range(0, len(scores), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            logits = model.standard(rows.cells[part]) @ found[:-1].astype(np.float32) + found[-1]
            scores[part] = logits.max(1)
    return scores


def _first_of_views(rows: CellRows, chosen: Mask, scores: NDArray[np.float32]) -> Mask:
    """Of those of each view that aren't chosen, those with the highest scores."""
    more, quota = np.zeros(len(chosen), bool), _quota(int(rows.views.max()) + 1)
    order = np.lexsort((-scores, rows.views))
    order = order[~chosen[order]]
    views_ = rows.views[order]
    starts = np.flatnonzero(np.diff(views_, prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    more[order[rank < quota]] = True
    return more


def _fit_scores(model: BoxModel, rows: CellRows, start: Doubles) -> Doubles:
    there, not_there = rows.middles > INSIDE, rows.middles < OUTSIDE
    balance = Balance.of(
        there.sum(0).astype(float), not_there.sum(0).astype(float), BALANCE, is_exclusive=False
    )
    targets = there.astype(np.float64)
    weights = balance.weights(targets) * (there | not_there)
    block = WeightedRows(model.standard(rows.cells), targets, weights)
    return fit_logistic(lambda: [block], start, ridge=RIDGE, is_exclusive=False, tolerance=1e-3)


def _fit_sides(model: BoxModel, rows: CellRows) -> tuple[Floats, Floats]:
    """Ridge regression of the logarithms of distances, on cells in the middle of boxes."""
    inside = rows.take(rows.is_middle)
    cells = model.standard(inside.cells).astype(np.float64)
    middle, mean = cells.mean(0), inside.distances.mean(0, dtype=np.float64)
    cells -= middle
    curvature = cells.T @ cells / len(cells) + SIDE_RIDGE * np.eye(cells.shape[1])
    weights = np.linalg.solve(curvature, cells.T @ (inside.distances - mean) / len(cells))
    return weights.astype(np.float32), (mean - middle @ weights).astype(np.float32)
