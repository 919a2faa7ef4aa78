"""What is left of a case's reviews once the case is purged: how many there were, and how people rated.

Ratings are never changed; they hold numbers, features and notes of what reviewers saw, and nobody's name.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from regard.governance.privacy.purging import ERASED
from regard.storage.schema import candidates, conclusions, evidence, reviews

_NO_FACE: Final = "00000000-0000-0000-0000-000000000000"


def purge_reviews(connection: Connection, case_id: str) -> None:
    """Erases the probes of a case's reviews, who was found, and what was said for and against them."""
    of_case = select(reviews.c.row).where(reviews.c.case_id == case_id)
    for row in (
        connection.execute(select(candidates).where(candidates.c.review.in_(of_case))).mappings().all()
    ):
        here = (candidates.c.review == row["review"], candidates.c.number == row["number"])
        gone = {
            "subject": f"{ERASED}/{row['number']}",
            "face": None,
            "picture": None,
            "entry": json.dumps(_nobody(json.loads(row["entry"]))),
        }
        connection.execute(update(candidates).where(*here).values(gone))
    connection.execute(
        update(reviews).where(reviews.c.case_id == case_id).values(probe_picture=None, asked=None)
    )
    connection.execute(delete(evidence).where(evidence.c.case_id == case_id))
    connection.execute(
        update(conclusions).where(conclusions.c.review.in_(of_case)).values(reason=ERASED, evidence="[]")
    )


def _nobody(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of a search's answer without whom it names: no face or user has such an id."""
    named = {"Face": {"FaceId": _NO_FACE}, "User": {"UserId": ERASED}}
    return {name: named.get(name, value) for name, value in entry.items() if name in (*named, "Similarity")}
