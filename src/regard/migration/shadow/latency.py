"""How long both sides take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from regard.evaluation.intervals import Rate
from regard.migration.shadow.rows import LeavingVerdict, ReportRow

_NORMAL = 1.959964  # of 95 %


def latency_rows(both: Sequence[Mapping[str, Any]]) -> list[ReportRow]:
    """The median and the 95th percentile of each side in seconds, and how often this side was faster.

    Here is what a request takes from its signature to its answer; there, with the way to the service.
    """
    if not both:
        return []
    here, there = ([entry[side]["seconds"] for entry in both] for side in ("here", "there"))
    faster = Rate.counted(sum(one < other for one, other in zip(here, there, strict=True)), len(both))
    verdict = LeavingVerdict.SAME
    if faster.low > 0.5:
        verdict = LeavingVerdict.BETTER
    elif faster.high < 0.5:
        verdict = LeavingVerdict.WORSE
    rows = [
        _quantile_row(f"{name} {side}", times, share, verdict)
        for name, share in (("median,", 0.5), ("95th percentile,", 0.95))
        for side, times in (("here", here), ("there", there))
    ]
    shares = faster.value, faster.low, faster.high
    return [*rows, ReportRow("Latency", "faster here", len(both), *shares, True, "", verdict)]


def _quantile_row(measure: str, times: Sequence[float], share: float, verdict: LeavingVerdict) -> ReportRow:
    value, low, high = quantile(times, share)
    return ReportRow("Latency", measure, len(times), value, low, high, False, "s", verdict)


def quantile(values: Sequence[float], share: float) -> tuple[float, float, float]:
    """A quantile and the values between which it is sure to 95 % to lie, by the ranks that a binomial's
    normal approximation gives (Conover, "Practical Nonparametric Statistics", 3rd ed., section 3.2)."""
    ordered, many = sorted(values), len(values)
    spread = _NORMAL * math.sqrt(many * share * (1 - share))
    low, high = math.floor(many * share - spread), math.ceil(many * share + spread)
    place = min(math.ceil(many * share), many) - 1
    return ordered[max(place, 0)], ordered[max(low - 1, 0)], ordered[min(high, many) - 1]
