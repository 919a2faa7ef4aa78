"""Thresholds translated: which one here lets through as many matches as one there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regard.evaluation.intervals import Mean, clustered_mean

# A percentage here means a false match rate: 80 % one pair of strangers in ten thousand, 99 % one in a
# million, its odds a power of the rate in between (`collections/similarity.py`).
_ODDS, _RATE, _POWER = 4.0, 1e-4, 1.4354


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """`threshold` was asked for in `searches`, in percent. There they had `there` matches a search, with its
    interval; `here` is the similarity, in percent, above which Regard has as many, `false_match_rate` its
    rate. None where Regard finds fewer at the threshold that was asked for: then the one here is lower, and
    the answers don't tell how much.
    """

    threshold: float
    searches: int
    there: Mean
    here: float | None
    false_match_rate: float | None


def threshold_rows(searches: Sequence[Mapping[str, Any]]) -> list[ThresholdRow]:
    """A row for each threshold that was asked for in two searches or more."""
    by_threshold: dict[float, list[Mapping[str, Any]]] = {}
    for one in searches:
        by_threshold.setdefault(one["threshold"], []).append(one)
    rows = []
    for threshold, same in sorted(by_threshold.items()):
        there = clustered_mean([len(one["there"]) for one in same], range(len(same)))
        if there is None:
            continue
        here = _translated(same, threshold)
        rate = None if here is None else false_match_rate(here)
        rows.append(ThresholdRow(threshold, len(same), there, here, rate))
    return rows


def _translated(searches: Sequence[Mapping[str, Any]], threshold: float) -> float | None:
    wanted = sum(len(one["there"]) for one in searches)
    own: list[float] = sorted((alike for one in searches for alike in one["here"]), reverse=True)
    if len(own) < wanted:
        return None
    if len(own) == wanted:
        return threshold
    return own[0] if not wanted else (own[wanted - 1] + own[wanted]) / 2


def false_match_rate(similarity: float) -> float:
    """How often two strangers are this alike here, 0 to 1; `similarity` is in percent, below 100."""
    odds = similarity / max(100.0 - similarity, 1e-9)
    return float(min(_RATE * (odds / _ODDS) ** -_POWER, 1.0)) if odds > 0 else 1.0
