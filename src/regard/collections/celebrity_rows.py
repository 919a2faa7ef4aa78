"""The rows of celebrities, and of the collection that holds their faces."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from regard.collections.records import Celebrity, Collection
from regard.errors import RegardError
from regard.storage.clock import milliseconds
from regard.storage.schema import celebrities, collections, faces, user_vectors, users

GALLERY = ":celebrities"
KNOWN_GENDERS = ("Male", "Female", "Nonbinary", "Unlisted")
MAX_URLS = 255

_UNLISTED = "Unlisted"
_ID_LETTERS = string.ascii_letters + string.digits
_ID_LENGTH = 8
_LONGEST_NAME = 255


def listed() -> Select[Any]:
    """Celebrities with the number of their photos."""
    photos = (
        select(func.coalesce(func.max(user_vectors.c.faces), 0))
        .select_from(users)
        .join(user_vectors, user_vectors.c.user == users.c.row)
        .join(collections, collections.c.row == users.c.collection)
        .where(collections.c.collection_id == GALLERY, users.c.user_id == celebrities.c.celebrity_id)
        .scalar_subquery()
    )
    return select(celebrities, photos.label("photos"))


def celebrity_of(row: Any) -> Celebrity:
    """A row of `listed`."""
    return Celebrity(
        row=row.row,
        celebrity_id=row.celebrity_id,
        name=row.name,
        urls=tuple(json.loads(row.urls)),
        known_gender=row.known_gender,
        photos=row.photos,
    )


def put_celebrity(
    connection: Connection, name: str, urls: Sequence[str] | None, known_gender: str | None
) -> None:
    """Makes a celebrity, or changes those facts of one that are not None.

    Raises IntegrityError where another process makes it in this moment.
    """
    facts: dict[str, str] = {}
    if urls is not None:
        facts["urls"] = json.dumps(list(urls))
    if known_gender is not None:
        facts["known_gender"] = known_gender
    if connection.execute(select(celebrities.c.row).where(celebrities.c.name == name)).first() is None:
        row = {"celebrity_id": _new_id(), "name": name, "created": milliseconds()}
        defaults = {"urls": "[]", "known_gender": _UNLISTED}
        connection.execute(insert(celebrities).values(row | defaults | facts))
    elif facts:
        connection.execute(update(celebrities).where(celebrities.c.name == name).values(facts))


def change_model(connection: Connection, collection: Collection, face_model_version: str) -> None:
    """Pins the celebrities' collection to another face model, where it has no face."""
    connection.execute(
        update(collections)
        .where(collections.c.row == collection.row, collections.c.face_count == 0)
        .values(face_model_version=face_model_version)
    )


def has_user(connection: Connection, collection: Collection, celebrity: Celebrity) -> bool:
    query = select(users.c.row).where(
        users.c.collection == collection.row, users.c.user_id == celebrity.celebrity_id
    )
    return connection.execute(query).first() is not None


def face_ids_of(connection: Connection, collection: Collection, celebrity: Celebrity) -> list[str]:
    """A celebrity's faces, those included that a crash left without a user."""
    query = select(faces.c.face_id).where(
        faces.c.collection == collection.row, faces.c.external_image_id == celebrity.celebrity_id
    )
    return list(connection.execute(query).scalars())


def check_celebrity(name: str, urls: Sequence[str] | None, known_gender: str | None) -> None:
    """Raises RegardError for what a celebrity can't be called or have."""
    if not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
        raise RegardError(f"A celebrity's name has 1 to {_LONGEST_NAME} printable characters.")
    if len(urls or ()) > MAX_URLS:
        raise RegardError(f"A celebrity has {MAX_URLS} URLs at most.")
    for url in urls or ():
        if not url or not url.isprintable() or " " in url:
            raise RegardError(f"{url!r} is no URL.")
    if known_gender is not None and known_gender not in KNOWN_GENDERS:
        raise RegardError(f"A known gender is one of {', '.join(KNOWN_GENDERS)}, not {known_gender!r}.")


def _new_id() -> str:
    """As Rekognition's: a few letters and digits that say nothing."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
