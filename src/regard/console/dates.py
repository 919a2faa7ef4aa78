"""Days and moments that a form names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from regard.console.visit import PageVisit
from regard.errors import InvalidParameterException

_DAY: Final = timedelta(days=1)
_FARTHEST_EAST: Final = timedelta(hours=14)  # before UTC: there a day begins first
_LAST: Final = timedelta(milliseconds=1)


def read_moment(visit: PageVisit, text: str) -> datetime:
    """A day or a moment in ISO 8601; UTC where it names no zone, and a day's beginning. Raises
    InvalidParameterException.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        said = visit.say("%(given)s is no date; write it like 2026-11-29.", given=repr(text[:40]))
        raise InvalidParameterException(said) from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def read_past(visit: PageVisit, text: str) -> datetime:
    """The same of what has happened: a day that has begun where the visitor may be, and not yet in UTC, is
    now. Raises as `read_moment` does.
    """
    read, now = read_moment(visit, text), datetime.now(UTC)
    return now if _is_day(text) and now < read <= now + _FARTHEST_EAST else read


def read_end(visit: PageVisit, text: str) -> datetime:
    """The same of what lasts until then: the whole of a day that is named. Raises as `read_moment` does."""
    read = read_moment(visit, text)
    return read + (_DAY - _LAST) if _is_day(text) else read


def _is_day(text: str) -> bool:
    return "T" not in text and ":" not in text
