"""Times of answers."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(milliseconds: int) -> datetime:
    """A time from its milliseconds since the epoch."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
