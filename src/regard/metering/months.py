"""Months of UTC, in milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from regard.metering.fold import HOUR


def first_of_month(at: int) -> int:
    """The beginning of the month that a time lies in."""
    day = datetime.fromtimestamp(at / 1000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return round(day.timestamp() * 1000)


def next_month(at: int) -> int:
    """The end of that month."""
    return first_of_month(first_of_month(at) + 32 * 24 * HOUR)


def parts_by_month(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a time that lie in one month each."""
    while start < end:
        yield start, min(end, next_month(start))
        start = next_month(start)
