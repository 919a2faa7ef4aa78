"""Collections: made, found, tagged and erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from regard.collections.followed import FollowedIndexes
from regard.collections.records import Collection
from regard.errors import ResourceAlreadyExistsException, ResourceNotFoundException, ThrottlingException
from regard.resources.request_tokens import forget_answers
from regard.resources.tags import put_tags, remove_tags, tags_of
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import collections

_FIND = select(collections).where(collections.c.collection_id == bindparam("collection_id"))
_LOCK = _FIND.with_for_update()
# Regard's own collections have a name that no client can give: Rekognition's have no colon.
_RESERVED = ":"


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
        query = (
            select(collections)
            .where(
                collections.c.row > after,
                collections.c.collection_id.not_like(f"{_RESERVED}%"),
            )
            .order_by(collections.c.row)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Collection(**row) for row in connection.execute(query).mappings()]

    def delete(self, collection_id: str) -> None:
        """Erases the collection and its faces. Raises ResourceNotFoundException."""
        _refuse_reserved(collection_id)
        with self._database.write() as connection:
            found = find_collection(connection, collection_id, lock=True)
            connection.execute(delete(collections).where(collections.c.row == found.row))
            remove_tags(connection, resource(collection_id))
            forget_answers(connection, resource(collection_id))
        self._indexes.drop(found.row)
        self._database.forget()

    def tags(self, collection_id: str) -> dict[str, str]:
        """The collection's tags. Raises ResourceNotFoundException."""
        _refuse_reserved(collection_id)
        with self._database.read() as connection:
            find_collection(connection, collection_id)
            return tags_of(connection, resource(collection_id))

    def tag(
        self, collection_id: str, tags: Mapping[str, str], *, seen: tuple[str, str, str] | None = None
    ) -> None:
        """Adds tags. `seen` is a tag's key, its value when the change was allowed, and its default.

        Raises ResourceNotFoundException, ServiceQuotaExceededException above 200 tags, ThrottlingException,
        which clients try again, when that tag has changed since.
        """
        _refuse_reserved(collection_id)
        with self._database.write() as connection:
            find_collection(connection, collection_id, lock=True)
            _refuse_if_changed(connection, collection_id, seen)
            put_tags(connection, resource(collection_id), tags)

    def untag(
        self, collection_id: str, keys: Sequence[str], *, seen: tuple[str, str, str] | None = None
    ) -> None:
        """Removes tags; `seen` and what is raised are as in `tag`."""
        _refuse_reserved(collection_id)
        with self._database.write() as connection:
            find_collection(connection, collection_id, lock=True)
            _refuse_if_changed(connection, collection_id, seen)
            remove_tags(connection, resource(collection_id), keys)


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


def find_collection(connection: Connection, collection_id: str, *, lock: bool = False) -> Collection:
    """The collection of that name. Raises ResourceNotFoundException.

    `lock` keeps other writers of the collection out until the transaction ends: rows of faces, of users'
    vectors and of removals are then committed in the order of their numbers, which indexes rely on.
    """
    row = connection.execute(_LOCK if lock else _FIND, {"collection_id": collection_id}).mappings().first()
    if row is None:
        raise not_found(collection_id)
    return Collection(**row)


def not_found(collection_id: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"The collection id: {collection_id} does not exist")


def lock_collection(connection: Connection, collection: Collection) -> Collection:
    """The collection as it is now, locked as by `find_collection`.

    Raises ResourceNotFoundException where it is gone, or was made anew since the request was admitted.
    """
    current = find_collection(connection, collection.collection_id, lock=True)
    if current.row != collection.row:
        raise not_found(collection.collection_id)
    return current


def _refuse_reserved(collection_id: str) -> None:
    if collection_id.startswith(_RESERVED):
        raise not_found(collection_id)


def _refuse_if_changed(connection: Connection, collection_id: str, seen: tuple[str, str, str] | None) -> None:
    if seen is not None:
        key, value, default = seen
        if tags_of(connection, resource(collection_id)).get(key, default) != value:
            raise ThrottlingException("The collection's tags have just been changed. Try your call again.")
