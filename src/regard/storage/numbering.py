"""Ids that people read and write: a letter, the year, and a number that no other of its kind has."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text

# One statement, so that two servers never take the same number. Both databases know it.
_NEXT = text(
    "INSERT INTO numbers (kind, year, last) VALUES (:kind, :year, 1) "
    "ON CONFLICT (kind, year) DO UPDATE SET last = numbers.last + 1 RETURNING last"
)


def next_id(connection: Connection, kind: str, now: int) -> str:
    """The next id of a kind, `C-2026-000123` of the kind `C`; `now` is in milliseconds since the epoch.

    Ids of a kind rise within a year. `connection` is in a write transaction: if that is rolled back, the id
    is given to another.
    """
    year = datetime.fromtimestamp(now / 1000, UTC).year
    last = connection.execute(_NEXT, {"kind": kind, "year": year}).scalar_one()
    return f"{kind}-{year}-{last:06}"
