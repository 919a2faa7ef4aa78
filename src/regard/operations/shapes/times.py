"""Times of answers."""

from __future__ import annotations

from datetime import UTC, datetime


def in_milliseconds(time: datetime) -> int:
    """A time's milliseconds since the epoch. One that names no zone is UTC's."""
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def moment(milliseconds: int) -> datetime:
    """A time from its milliseconds since the epoch."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
