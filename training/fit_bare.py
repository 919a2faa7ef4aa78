"""From which log-odds of a cover on a head, a face or a hand is said to be bare.

A curve of `regard.vision.protective.bare` has its limit where one in a hundred covered parts lies below, told
from the lowest third of those that the heads had not seen: how far below it they lie falls off exponentially,
as the tail of most distributions does (Pickands 1975, with a shape of 0).

training/fit_protective.py calls this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from regard.vision.protective.bare import SURE, BareCurve
from training.card_metrics import share

TAIL, ALLOWED = 0.3, 0.01  # of the covered: those that the tail is fitted to; those below the limit
MIN_SIDE = 16.0  # px of a part's square; of smaller helmets more than a third look like none


@dataclass(frozen=True, eq=False)
class Unseen:
    """Of N parts that were judged by heads which had not seen them: `cover` (N,), the probability of a cover;
    `covered` (N,), bool; `fold` (N,); `side` (N,), px; `title` (N,), the data that each is of.
    """

    cover: np.ndarray
    covered: np.ndarray
    fold: np.ndarray
    side: np.ndarray
    title: np.ndarray

    def where(self, rows: np.ndarray) -> Unseen:
        arrays = (getattr(self, field.name)[rows] for field in fields(self))
        return Unseen(*arrays)


def fit_bare(target: Path, unseen: Mapping[str, Unseen]) -> None:
    """Writes the curves of the covers and their card; each fold is judged by the curve of the others."""
    curves, metrics = {}, []
    for name, parts in unseen.items():
        curve = curve_of(parts)
        curves[name] = {"limit": round(curve.limit, 3), "min_side": curve.min_side}
        bare = np.zeros(len(parts.cover))
        for fold in np.unique(parts.fold):
            other, own = curve_of(parts.where(parts.fold != fold)), parts.fold == fold
            bare[own] = [
                other.probability(cover, side)
                for cover, side in zip(parts.cover[own], parts.side[own], strict=True)
            ]
        metrics += _judged(name, parts, bare)
    card = {
        "head": "bare",
        "says": "that nothing covers a head, a face or a hand, which is more than that no cover was found",
        "trained on": [f"{name}: {int(parts.covered.sum())} covered parts" for name, parts in unseen.items()],
        "research-only data": "as for the heads above",
        "split": "the heads' folds; each is judged by the curve of the others",
        "limits": f"Parts whose square is under {MIN_SIDE:g} px are never said to be bare.",
        "metrics": metrics,
        "curves": curves,
    }
    target.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(card, indent=1, ensure_ascii=False))


def _judged(name: str, parts: Unseen, bare: np.ndarray) -> list[dict[str, str | float | int]]:
    """How many covered parts, and how many others, are said to be bare at some MinConfidence."""
    rows = []
    for title in dict.fromkeys(parts.title.tolist()):
        for kind, covered in (("where covered", True), ("where bare", False)):
            own = bare[(parts.title == title) & (parts.covered == covered)]
            if len(own):
                rows += [
                    share(f"no {name}", f"said at {100 * sure:.0f} {kind}, %", own >= sure, title)
                    for sure in (0.5, SURE, 0.95)
                ]
    return rows


def curve_of(parts: Unseen) -> BareCurve:
    """The curve whose limit ALLOWED of the covered parts that are large enough lie below."""
    odds = log_odds(parts.cover[parts.covered & (parts.side >= MIN_SIDE)])
    start = float(np.quantile(odds, TAIL))
    mean = float((start - odds[odds < start]).mean())
    return BareCurve(start - mean * float(np.log(TAIL / ALLOWED)), MIN_SIDE)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(clipped / (1 - clipped)))
