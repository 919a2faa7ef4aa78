"""One measure of a comparison: its value, its interval, and what that says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from regard.evaluation.intervals import clustered_mean, clustered_rate


class LeavingVerdict(StrEnum):
    """What a measure says of leaving."""

    SAME = "same"
    BETTER = "better"
    WORSE = "worse"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """`value` is sure to 95 % to lie between `low` and `high`; `count` is of how many it was counted.

    `is_share` says that it is a share, 0 to 1; else it is in `unit`, which is empty for a plain number.
    """

    area: str
    measure: str
    count: int
    value: float
    low: float
    high: float
    is_share: bool
    unit: str
    verdict: LeavingVerdict

    @property
    def sentence(self) -> str:
        """What the verdict rests on."""
        if self.verdict is LeavingVerdict.NOT_COMPARABLE:
            return "Not comparable: the two differ, and who is right takes labelled pictures."
        return {
            LeavingVerdict.SAME: "Same: no difference that matters, or none that the numbers are sure of.",
            LeavingVerdict.BETTER: "Better here.",
            LeavingVerdict.WORSE: "Worse here.",
        }[self.verdict]


Numbered = Sequence[tuple[int, float]]
"""Values, each with the number of its request: what one request gave depends on each other."""


def share_row(
    area: str, measure: str, outcomes: Numbered, *, same_above: float, is_ours: bool = False
) -> ReportRow | None:
    """How often something holds; None where it never could.

    Where it is sure to hold in more than `same_above`, it is the same; else it can't be told who is right,
    unless it `is_ours` to keep to the other side: then it is worse.
    """
    if not outcomes:
        return None
    rate = clustered_rate([bool(value) for _, value in outcomes], [number for number, _ in outcomes])
    if rate.low > same_above or rate.value == 1:
        verdict = LeavingVerdict.SAME
    else:
        verdict = LeavingVerdict.WORSE if is_ours else LeavingVerdict.NOT_COMPARABLE
    return ReportRow(area, measure, len(outcomes), rate.value, rate.low, rate.high, True, "", verdict)


def mean_row(
    area: str,
    measure: str,
    unit: str,
    values: Numbered,
    *,
    is_lower_better: bool = False,
    same_above: float = math.inf,
    same_below: float = -math.inf,
) -> ReportRow | None:
    """The mean of what was measured; None of fewer than two requests.

    It is the same where it is sure to be above `same_above`, or below `same_below`. With `is_lower_better` it
    is a difference, here less there, and 0 is the same.
    """
    mean = clustered_mean([value for _, value in values], [number for number, _ in values])
    if mean is None:
        return None
    is_same = mean.low > same_above or mean.high < same_below
    verdict = LeavingVerdict.SAME if is_same else LeavingVerdict.NOT_COMPARABLE
    if is_lower_better:
        verdict = LeavingVerdict.SAME if mean.low <= 0 <= mean.high else LeavingVerdict.WORSE
        verdict = LeavingVerdict.BETTER if mean.high < 0 else verdict
    return ReportRow(area, measure, mean.count, mean.value, mean.low, mean.high, False, unit, verdict)
