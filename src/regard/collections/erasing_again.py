"""Erasing again what lives again: a backup that was restored may be older than an erasure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from sqlalchemy import Connection, delete, select

from regard.collections.face_models import FaceModels
from regard.collections.gallery import erase_rows
from regard.collections.kept_matches import forget_matches
from regard.collections.store import resource
from regard.collections.user_rows import (
    count_users,
    erase_vector,
    find_user,
    held_faces,
    renew_vector,
    set_user,
)
from regard.collections.users import vector_of_faces
from regard.governance.privacy.consents import withdraw_again
from regard.resources.request_tokens import forget_answers
from regard.resources.tags import remove_tags
from regard.storage.database import Database
from regard.storage.erasure_journal import Erasable, Erased
from regard.storage.schema import celebrities, collections, faces, users

_PAGE = 500  # faces named in one query


def erase_again(database: Database, models: FaceModels, erased: Iterable[Erased]) -> Counter[str]:
    """Erases what of `erased` is in a database that nobody else uses; answers how many of each kind were."""
    found: Counter[str] = Counter()
    face_ids: list[str] = []
    with database.write() as connection:
        for one in erased:
            if one.kind is Erasable.FACE:
                face_ids.append(one.name)
            elif one.kind is Erasable.COLLECTION:
                found["collections"] += _collection(connection, one)
            elif one.kind is Erasable.USER:
                found["users"] += _user(connection, one)
            elif one.kind is Erasable.CONSENT:
                found["consents"] += withdraw_again(connection, one.name, one.created)
            else:
                gone = delete(celebrities).where(celebrities.c.celebrity_id == one.name)
                found["celebrities"] += connection.execute(gone).rowcount
        named = iter(face_ids)
        while page := list(islice(named, _PAGE)):
            found["faces"] += _faces(connection, models, page)
    if found.total():
        database.forget()
    return found


def _collection(connection: Connection, one: Erased) -> int:
    here = (collections.c.collection_id == one.name) & (collections.c.created == one.created)
    for row in connection.execute(select(collections.c.row).where(here)).scalars().all():
        forget_matches(connection, row)
    if not connection.execute(delete(collections).where(here)).rowcount:
        return 0
    remove_tags(connection, resource(one.name))
    forget_answers(connection, resource(one.name))
    return 1


def _user(connection: Connection, one: Erased) -> int:
    query = (
        select(users.c.collection)
        .join(collections, collections.c.row == users.c.collection)
        .where(collections.c.collection_id == one.collection, users.c.user_id == one.name)
        .where(users.c.created == one.created)
    )
    collection = connection.execute(query).scalar()
    if collection is None:
        return 0
    user = find_user(connection, collection, one.name)
    set_user(connection, held_faces(connection, collection, one.name), None)
    erase_vector(connection, collection, user)
    connection.execute(delete(users).where(users.c.row == user.row))
    count_users(connection, collection, -1)
    return 1


def _faces(connection: Connection, models: FaceModels, face_ids: Sequence[str]) -> int:
    """Erases faces, and makes the vectors of the users that had them anew."""
    query = (
        select(faces.c.row, faces.c.collection, faces.c.user_id, collections.c.face_model_version)
        .join(collections, collections.c.row == faces.c.collection)
        .where(faces.c.face_id.in_(face_ids))
    )
    found = connection.execute(query).all()
    for collection in {row.collection for row in found}:
        erase_rows(connection, collection, [row.row for row in found if row.collection == collection])
    held = {(row.collection, row.user_id, row.face_model_version) for row in found if row.user_id is not None}
    for collection, user_id, version in sorted(held):
        left = held_faces(connection, collection, user_id)
        vector = vector_of_faces(left, models.of(version))
        renew_vector(connection, collection, find_user(connection, collection, user_id), vector, len(left))
    return len(found)
