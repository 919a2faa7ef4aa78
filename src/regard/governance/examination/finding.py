"""Reviews as the database has them, found within a transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from regard.governance.examination.records import Review, read_review
from regard.storage.schema import candidates, reviews


def find_all(connection: Connection, condition: Any) -> list[Review]:
    """The reviews for which a condition holds, in the order they were opened."""
    rows = connection.execute(select(reviews).where(condition).order_by(reviews.c.row)).mappings().all()
    query = (
        select(candidates)
        .where(candidates.c.review.in_([row["row"] for row in rows]))
        .order_by(candidates.c.review, candidates.c.number)
    )
    members: dict[int, list[Any]] = {row["row"]: [] for row in rows}
    for one in connection.execute(query).mappings():
        members[one["review"]].append(one)
    return [read_review(row, members[row["row"]]) for row in rows]


def find_one(connection: Connection, condition: Any) -> Review | None:
    """The first of them, None where there is none."""
    return next(iter(find_all(connection, condition)), None)
