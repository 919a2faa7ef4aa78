"""The states of reviews and their candidates, and what ratings come to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

SURE: Final = 3
"""Ratings go from −3, surely another person, by way of 0, can't be told, to +3, surely the same person."""
_SAME: Final = 2
_ANOTHER: Final = -1


class ReviewStatus(StrEnum):
    """How far a review is. One that is RATED has that many ratings and needs another."""

    PENDING = "PENDING"
    RATED_1 = "RATED_1"
    RATED_2 = "RATED_2"
    RATED_3 = "RATED_3"
    RATED_4 = "RATED_4"
    DECIDED = "DECIDED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    NO_PICTURE = "NO_PICTURE"

    @property
    def is_open(self) -> bool:
        """Whether it waits for a rating."""
        return self in OPEN


OPEN: Final = (
    ReviewStatus.PENDING,
    ReviewStatus.RATED_1,
    ReviewStatus.RATED_2,
    ReviewStatus.RATED_3,
    ReviewStatus.RATED_4,
)


class CandidateStatus(StrEnum):
    """What is held of one candidate."""

    PENDING_REVIEW = "PENDING_REVIEW"
    NO_PICTURE = "NO_PICTURE"
    LEAD = "LEAD"
    REJECTED = "REJECTED"
    INCONCLUSIVE = "INCONCLUSIVE"
    CONFIRMED = "CONFIRMED"
    DISPUTED = "DISPUTED"
    WRONG = "WRONG"
    UPHELD = "UPHELD"


WAITING: Final = (CandidateStatus.PENDING_REVIEW, CandidateStatus.NO_PICTURE)
"""Nobody has judged them; clients see placeholders."""
SHOWN: Final = (
    CandidateStatus.LEAD,
    CandidateStatus.CONFIRMED,
    CandidateStatus.DISPUTED,
    CandidateStatus.UPHELD,
)
"""Clients see who they are."""


def after_ratings(count: int) -> ReviewStatus:
    """Of a review that has `count` ratings and isn't decided."""
    return OPEN[min(count, len(OPEN) - 1)]


def settled(values: Sequence[int], reviewers: int) -> CandidateStatus | None:
    """What ratings of one candidate come to, in the order they were given; None while one is missing.

    It is a lead where `reviewers` of them are +2 or above, and rejected where as many are −1 or below. Where
    the first `reviewers` don't agree, one more decides; if that brings no agreement, it is inconclusive.
    """
    if sum(value >= _SAME for value in values) >= reviewers:
        return CandidateStatus.LEAD
    if sum(value <= _ANOTHER for value in values) >= reviewers:
        return CandidateStatus.REJECTED
    return CandidateStatus.INCONCLUSIVE if len(values) > reviewers else None
