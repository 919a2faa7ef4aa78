"""Reviews as the database has them, found within a transaction."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select

from regard.governance.examination.records import Review, read_review
from regard.storage.schema import candidates, reviews

_AT_ONCE: Final = 1000
"""Reviews whose candidates one query asks for: databases take some ten thousand parameters at most."""


def find_all(connection: Connection, condition: Any) -> list[Review]:
    """The reviews for which a condition holds, in the order they were opened."""
    rows = connection.execute(select(reviews).where(condition).order_by(reviews.c.row)).mappings().all()
    members: dict[int, list[Any]] = {row["row"]: [] for row in rows}
    wanted = list(members)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        query = (
            select(candidates)
            .where(candidates.c.review.in_(some))
            .order_by(candidates.c.review, candidates.c.number)
        )
        for one in connection.execute(query).mappings():
            members[one["review"]].append(one)
    return [read_review(row, members[row["row"]]) for row in rows]


def find_one(connection: Connection, condition: Any) -> Review | None:
    """The first of them, None where there is none."""
    return next(iter(find_all(connection, condition)), None)
