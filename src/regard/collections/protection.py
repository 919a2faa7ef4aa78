"""What a collection's tags ask of it beside its purpose: a consent to each face, and an end for each.

The tags are the client's; what follows from them stands in the collection's own row, so that whoever has read
the collection knows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, update

from regard.governance.purpose import CONSENT_TAG, RETENTION_TAG
from regard.storage.clock import milliseconds
from regard.storage.schema import collections


def put_protection(connection: Connection, collection_id: str, tags: Mapping[str, str]) -> None:
    """Notes what new tags of a collection ask for; they were checked."""
    if RETENTION_TAG in tags:
        _set(connection, collection_id, {"face_days": int(tags[RETENTION_TAG])})
    if CONSENT_TAG in tags:  # from the first time on that it was asked for
        connection.execute(
            update(collections)
            .where(collections.c.collection_id == collection_id, collections.c.consent_since.is_(None))
            .values(consent_since=milliseconds())
        )


def remove_protection(connection: Connection, collection_id: str, keys: Sequence[str]) -> None:
    """Notes that tags are gone."""
    columns = {CONSENT_TAG: "consent_since", RETENTION_TAG: "face_days"}
    values = {column: None for key, column in columns.items() if key in keys}
    if values:
        _set(connection, collection_id, values)


def _set(connection: Connection, collection_id: str, values: Mapping[str, Any]) -> None:
    connection.execute(update(collections).where(collections.c.collection_id == collection_id).values(values))
