"""What is left of reviews once their case is purged or their authorization is void: how many there were, and
how people rated.

Ratings are never changed; they hold numbers, features and notes of what reviewers saw, and nobody's name.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from regard.governance.examination.states import OPEN, ReviewStatus
from regard.governance.privacy.purging import ERASED
from regard.storage.schema import candidates, conclusions, evidence, reviews

_NO_FACE: Final = "00000000-0000-0000-0000-000000000000"


def purge_reviews(connection: Connection, case_id: str) -> None:
    """Erases the probes of a case's reviews, who was found, and what was said for and against them.

    Those that wait have expired: nobody can judge them without pictures.
    """
    purge_found(connection, reviews.c.case_id == case_id, ReviewStatus.EXPIRED)
    of_case = select(reviews.c.row).where(reviews.c.case_id == case_id)
    connection.execute(delete(evidence).where(evidence.c.case_id == case_id))
    connection.execute(
        update(conclusions).where(conclusions.c.review.in_(of_case)).values(reason=ERASED, evidence="[]")
    )


def purge_found(connection: Connection, which: ColumnElement[bool], ended: ReviewStatus) -> list[str]:
    """Erases the probes of some reviews and who was found; those that wait for ratings are `ended`.

    Answers their ids.
    """
    rows = select(reviews.c.row).where(which)
    for row in connection.execute(select(candidates).where(candidates.c.review.in_(rows))).mappings().all():
        here = (candidates.c.review == row["review"], candidates.c.number == row["number"])
        gone = {
            "subject": f"{ERASED}/{row['number']}",
            "face": None,
            "picture": None,
            "entry": json.dumps(_nobody(json.loads(row["entry"]))),
        }
        connection.execute(update(candidates).where(*here).values(gone))
    waiting = reviews.c.status.in_((*OPEN, ReviewStatus.NO_PICTURE))
    connection.execute(update(reviews).where(which, waiting).values(status=ended, assignee=None))
    connection.execute(update(reviews).where(which).values(probe_picture=None, asked=None))
    query = select(reviews.c.review_id).where(which).order_by(reviews.c.row)
    return list(connection.execute(query).scalars())


def _nobody(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of a search's answer without whom it names: no face or user has such an id."""
    named = {"Face": {"FaceId": _NO_FACE}, "User": {"UserId": ERASED}}
    return {name: named.get(name, value) for name, value in entry.items() if name in (*named, "Similarity")}
