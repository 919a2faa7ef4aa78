"""Collections: made, found, tagged and erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, literal, select
from sqlalchemy.exc import IntegrityError

from regard.collections.changes import model_changed
from regard.collections.followed import FollowedIndexes
from regard.collections.kept_matches import forget_matches
from regard.collections.protection import put_protection, remove_protection
from regard.collections.records import Collection
from regard.errors import ResourceAlreadyExistsException, ResourceNotFoundException, ThrottlingException
from regard.governance.purpose import GENERAL, TAG
from regard.resources.request_tokens import forget_answers
from regard.resources.tags import put_tags, remove_tags, tags_of
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.erasure_journal import Erasable, Erased
from regard.storage.schema import collections, tags

# The purpose comes with the collection: whoever has one knows by which rules it was read. By a join: a query
# within the query for each row takes SQLite twice as long.
_ITS_PURPOSE = and_(
    tags.c.resource == literal("collection/") + collections.c.collection_id, tags.c.key == TAG
)
_PURPOSE = func.coalesce(tags.c.value, GENERAL)
# In the order of Collection's fields: a dictionary of each row would take as long as the query.
_ALL = select(
    *(_PURPOSE if field.name == "purpose" else collections.c[field.name] for field in fields(Collection))
).select_from(collections.outerjoin(tags, _ITS_PURPOSE))
_FIND = _ALL.where(collections.c.collection_id == bindparam("collection_id"))
# Regard's own collections have a name that no client can give: Rekognition's have no colon.
_RESERVED = ":"
_NAMES = select(collections.c.row, collections.c.collection_id, collections.c.face_model_version)
_PAGE, _PAGE_OF_NAMES = (
    query.where(collections.c.row > bindparam("after"), collections.c.collection_id.not_like(f"{_RESERVED}%"))
    .order_by(collections.c.row)
    .limit(bindparam("limit"))
    for query in (_ALL, _NAMES)
)
# By a statement of its own: one that waits for a lock reads other tables as they were before it waited.
_LOCK = (
    select(collections.c.row)
    .where(collections.c.collection_id == bindparam("collection_id"))
    .with_for_update()
)


class CollectionStore:
    """Every collection of one database but Regard's own. What a method has answered survives a crash.

    For Regard's own collections, whose names begin with a colon, all raise as if there were none.
    """

    def __init__(self, database: Database, indexes: FollowedIndexes) -> None:
        self._database = database
        self._indexes = indexes

    def create(
        self, collection_id: str, face_model_version: str, tags: Mapping[str, str] | None = None
    ) -> Collection:
        """Raises ResourceAlreadyExistsException."""
        _refuse_reserved(collection_id)
        try:
            with self._database.write() as connection:
                insert_collection(connection, collection_id, face_model_version)
                put_tags(connection, resource(collection_id), tags or {})
                put_protection(connection, collection_id, tags or {})
                return find_collection(connection, collection_id)
        except IntegrityError as error:
            raise ResourceAlreadyExistsException(
                f"The collection id: {collection_id} already exists"
            ) from error

    def get(self, collection_id: str) -> Collection:
        """Raises ResourceNotFoundException."""
        _refuse_reserved(collection_id)
        with self._database.read() as connection:
            return find_collection(connection, collection_id)

    def page(self, *, after: int, limit: int) -> list[Collection]:
        """Collections in the order they were made, those behind row `after`."""
        with self._database.read() as connection:
            rows = connection.execute(_PAGE, {"after": after, "limit": limit})
            return [Collection(*row) for row in rows]

    def names(self, *, after: int, limit: int) -> list[tuple[int, str, str]]:
        """Row, id and face model of the same collections: all that a list of them says."""
        with self._database.read() as connection:
            rows = connection.execute(_PAGE_OF_NAMES, {"after": after, "limit": limit})
            return [(row, name, version) for row, name, version in rows]

    def delete(self, collection: Collection) -> None:
        """Erases the collection and its faces. Raises what `lock_collection` raises."""
        with self._database.write() as connection:
            lock_collection(connection, collection)
            gone = Erased(kind=Erasable.COLLECTION, name=collection.collection_id, created=collection.created)
            self._database.erasure_journal.note([gone])
            forget_matches(connection, collection.row)
            connection.execute(delete(collections).where(collections.c.row == collection.row))
            remove_tags(connection, resource(collection.collection_id))
            forget_answers(connection, resource(collection.collection_id))
        self._indexes.drop(collection.row)
        self._database.forget()

    def tags(self, collection: Collection) -> dict[str, str]:
        """The collection's tags."""
        with self._database.read() as connection:
            return tags_of(connection, resource(collection.collection_id))

    def tag(self, collection: Collection, new: Mapping[str, str]) -> None:
        """Adds tags. Raises what `lock_collection` raises, and ServiceQuotaExceededException above 200."""
        with self._database.write() as connection:
            lock_collection(connection, collection)
            put_tags(connection, resource(collection.collection_id), new)
            put_protection(connection, collection.collection_id, new)

    def untag(self, collection: Collection, keys: Sequence[str]) -> None:
        """Removes tags; keys that are not there are passed over. Raises what `lock_collection` raises."""
        with self._database.write() as connection:
            lock_collection(connection, collection)
            remove_tags(connection, resource(collection.collection_id), keys)
            remove_protection(connection, collection.collection_id, keys)


def resource(collection_id: str) -> str:
    """How tags and request tokens name a collection."""
    return f"collection/{collection_id}"


def insert_collection(connection: Connection, collection_id: str, face_model_version: str) -> None:
    """Makes an empty collection. Raises IntegrityError where there is one of that name."""
    row = {
        "collection_id": collection_id,
        "face_model_version": face_model_version,
        "created": milliseconds(),
        "face_count": 0,
    }
    connection.execute(insert(collections).values(row))


def find_visible(connection: Connection, collection_id: str) -> Collection | None:
    """The collection of that name, or None where there is none that clients may know of."""
    return None if collection_id.startswith(_RESERVED) else _find(connection, collection_id, lock=False)


def find_collection(connection: Connection, collection_id: str, *, lock: bool = False) -> Collection:
    """The collection of that name. Raises ResourceNotFoundException.

    `lock` keeps other writers of the collection out until the transaction ends: rows of faces, of users'
    vectors and of removals are then committed in the order of their numbers, which indexes rely on.
    """
    found = _find(connection, collection_id, lock=lock)
    if found is None:
        raise collection_not_found(collection_id)
    return found


def collection_not_found(collection_id: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"The collection id: {collection_id} does not exist")


def lock_collection(connection: Connection, collection: Collection) -> Collection:
    """The collection as it is now, locked as by `find_collection`, when its rules are still those it was
    read with.

    Raises ResourceNotFoundException where it is gone, or was made anew since; ThrottlingException, which
    clients try again, where its purpose has changed, since the request was admitted for the other one, or its
    face model, since the request's vectors are by the other one.
    """
    current = find_collection(connection, collection.collection_id, lock=True)
    if current.row != collection.row:
        raise collection_not_found(collection.collection_id)
    if current.purpose != collection.purpose:
        raise ThrottlingException("The collection's purpose has just been changed. Try your call again.")
    if current.consent_since != collection.consent_since:
        raise ThrottlingException("Whether the collection asks for consent has just changed. Try again.")
    check_model(collection, current.face_model_version, current.next_model)
    return current


def check_model(collection: Collection, face_model_version: str, next_model: str | None) -> None:
    """Raises ThrottlingException where the collection has another model, or another next one, than it had."""
    if (face_model_version, next_model) != (collection.face_model_version, collection.next_model):
        raise model_changed()


def _find(connection: Connection, collection_id: str, *, lock: bool) -> Collection | None:
    named = {"collection_id": collection_id}
    if lock:
        connection.execute(_LOCK, named)
    row = connection.execute(_FIND, named).first()
    return None if row is None else Collection(*row)


def _refuse_reserved(collection_id: str) -> None:
    if collection_id.startswith(_RESERVED):
        raise collection_not_found(collection_id)
