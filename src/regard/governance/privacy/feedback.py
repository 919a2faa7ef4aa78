"""What people ask of whoever keeps faces, or complain of, and what they are answered.

Nobody has to say who they are, and nothing is looked up or erased because a stranger says so: who protects
privacy identifies the person first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final


class FeedbackState(StrEnum):
    """Where a matter stands."""

    RECEIVED = "RECEIVED"
    IDENTIFIED = "IDENTIFIED"
    UNIDENTIFIED = "UNIDENTIFIED"
    GRANTED = "GRANTED"
    PARTLY = "PARTLY"
    REFUSED = "REFUSED"


OPEN: Final = (FeedbackState.RECEIVED, FeedbackState.IDENTIFIED, FeedbackState.UNIDENTIFIED)
NEXT: Final[Mapping[FeedbackState, tuple[FeedbackState, ...]]] = {
    FeedbackState.RECEIVED: (FeedbackState.IDENTIFIED, FeedbackState.UNIDENTIFIED),
    FeedbackState.IDENTIFIED: (FeedbackState.GRANTED, FeedbackState.PARTLY, FeedbackState.REFUSED),
    FeedbackState.UNIDENTIFIED: (FeedbackState.GRANTED, FeedbackState.PARTLY, FeedbackState.REFUSED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeedback:
    """What somebody sends. `address` is the network that it came from, None for the folder's owner."""

    kind: str
    text: str
    contact: str | None = None
    picture: bytes | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A matter; times are milliseconds since the epoch.

    `due` is when an answer is owed, `extended_for` why that is later than at first. `reason` says why less
    than all was granted, and `complain_to` whom the person may complain to. `receipts` are the ids of what
    was erased for it.
    """

    feedback_id: str
    kind: str
    state: str
    text: str
    contact: str | None
    has_picture: bool
    received: int
    due: int
    extended_for: str | None
    answer: str | None
    reason: str | None
    complain_to: str | None
    receipts: tuple[str, ...]
    decided: int | None
    decided_by: str | None

    @property
    def is_open(self) -> bool:
        """Whether an answer is still owed."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided of a matter: its next `state`, and what the person is told."""

    state: FeedbackState
    answer: str | None = None
    reason: str | None = None
    complain_to: str | None = None
    receipts: Sequence[str] = ()


def months_later(time: int, months: int) -> int:
    """The same day and hour some months later, or that month's last day; milliseconds since the epoch."""
    at = datetime.fromtimestamp(time / 1000, UTC)
    years, month = divmod(at.month - 1 + months, 12)
    for day in range(at.day, 27, -1):
        try:
            later = at.replace(year=at.year + years, month=month + 1, day=day)
        except ValueError:
            continue
        return round(later.timestamp() * 1000)
    return round(at.replace(year=at.year + years, month=month + 1).timestamp() * 1000)
