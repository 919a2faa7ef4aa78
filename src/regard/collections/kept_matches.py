"""What jobs and streams keep of whom a film or a camera shows: a face that is erased goes from there too."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select, update

from regard.storage.schema import collections, faces, job_items, jobs
from regard.streams.forgetting import forget_faces

MATCHES: Final = "MATCHES"
"""The view in which jobs keep whom people of a film resemble."""
_PAGE: Final = 1000


def forget_matches(connection: Connection, collection: int, face_ids: Collection[str] | None = None) -> None:
    """Takes faces of a locked collection, by its row, out of what jobs and streams have found; None takes out
    all.
    """
    named = select(collections.c.collection_id).where(collections.c.row == collection)
    forget_faces(connection, connection.execute(named).scalar_one(), face_ids)
    of_collection = select(jobs.c.row).join(collections, collections.c.collection_id == jobs.c.collection_id)
    query = (
        select(job_items.c.job, job_items.c.number, job_items.c.body)
        .where(
            job_items.c.job.in_(of_collection.where(collections.c.row == collection)),
            job_items.c.view == MATCHES,
        )
        .execution_options(yield_per=_PAGE)
    )
    gone = None if face_ids is None else frozenset(face_ids)
    changed: list[dict[str, Any]] = []
    with connection.execute(query) as rows:
        for row in rows:
            body = json.loads(row.body)
            found = body["FaceMatches"]
            left = [] if gone is None else [one for one in found if one["Face"]["FaceId"] not in gone]
            if len(left) < len(found):
                text = json.dumps({**body, "FaceMatches": left})
                changed.append({"job": row.job, "number": row.number, "body": text})
    for one in changed:
        here = (job_items.c.job == one["job"], job_items.c.number == one["number"])
        connection.execute(update(job_items).where(*here).values(body=one["body"]))


def still_enrolled(connection: Connection, collection: int, face_ids: Sequence[str]) -> set[str]:
    """Which of these faces are in a collection, by its row, to the transaction's end: whoever erases one of
    them comes before it, or finds what the transaction keeps.
    """
    locked = select(collections.c.row).where(collections.c.row == collection).with_for_update(read=True)
    connection.execute(locked)
    return enrolled_among(connection, collection, face_ids)


def enrolled_among(connection: Connection, collection: int, face_ids: Collection[str]) -> set[str]:
    """Which of these faces are in a collection, by its row, as the transaction sees it."""
    query = select(faces.c.face_id).where(faces.c.collection == collection, faces.c.face_id.in_(face_ids))
    return set(connection.execute(query).scalars())
