"""Moments that a form names."""

from __future__ import annotations

from datetime import UTC, datetime

from regard.console.visit import PageVisit
from regard.errors import InvalidParameterException


def read_moment(visit: PageVisit, text: str) -> datetime:
    """A day or a moment in ISO 8601; UTC where it names no zone. Raises InvalidParameterException."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        said = visit.say("%(given)s is no date; write it like 2026-11-29.", given=repr(text[:40]))
        raise InvalidParameterException(said) from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)
