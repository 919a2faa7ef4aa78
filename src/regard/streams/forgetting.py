"""Enrolled faces that are erased go from what streams saw, too."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from regard.storage.schema import stream_events, stream_processors, stream_sightings

_PAGE: Final = 1000


def forget_faces(connection: Connection, collection_id: str, face_ids: Collection[str] | None = None) -> None:
    """Takes faces of a collection out of what streams saw; None takes out all.

    An event that is about an erased face, or names nobody else, goes with its pictures and its notices, and
    that they were seen.
    """
    gone = None if face_ids is None else frozenset(face_ids)
    query = select(stream_events.c.row, stream_events.c.subject, stream_events.c.body).where(
        stream_events.c.collection_id == collection_id
    )
    subjects = _subjects(gone or ())
    erased: list[int] = []
    changed: list[tuple[int, str]] = []
    with connection.execute(query.execution_options(yield_per=_PAGE)) as rows:
        for row in rows:
            body = json.loads(row.body)
            found: list[Any] | None = body.get("MatchedFaces")
            if found is None:
                continue
            left = [] if gone is None else [one for one in found if one["Face"].get("FaceId") not in gone]
            if not left or row.subject in subjects:
                erased.append(row.row)
            elif len(left) < len(found):
                changed.append((row.row, json.dumps({**body, "MatchedFaces": left})))
    for number, text in changed:
        connection.execute(update(stream_events).where(stream_events.c.row == number).values(body=text))
    for number in erased:
        connection.execute(delete(stream_events).where(stream_events.c.row == number))
    _forget_sightings(connection, collection_id, gone)


def _forget_sightings(connection: Connection, collection_id: str, gone: frozenset[str] | None) -> None:
    searching = select(stream_processors.c.row).where(stream_processors.c.collection_id == collection_id)
    query = delete(stream_sightings).where(stream_sightings.c.processor.in_(searching))
    if gone is not None:
        query = query.where(stream_sightings.c.subject.in_(_subjects(gone)))
    connection.execute(query)


def _subjects(face_ids: Collection[str]) -> frozenset[str]:
    """What alerts about these faces are about."""
    return frozenset(f"face/{one}" for one in face_ids)
