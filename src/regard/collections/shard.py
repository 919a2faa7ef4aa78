"""One shard: its part of every gallery, in a process of its own that follows the database."""

from __future__ import annotations

from regard.collections.changes import IndexKey, IndexStanding, identity_of, version_of
from regard.collections.face_models import FaceModels
from regard.collections.fastscan import Sizes
from regard.collections.followed import FollowedIndexes
from regard.collections.index import SearchedIndex
from regard.collections.part import RowPart
from regard.errors import RegardError, ThrottlingException
from regard.settings import Settings
from regard.storage.database import Database

_PATIENCE = 5.0  # seconds that a search waits here for an index that is being loaded; servers wait longer
SEARCHES = 16  # at a time, in one shard
_MORE_CONNECTIONS = 4  # for the thread that follows


class Shard:
    """What `PartIndexes` says, by the indexes of a part. Thread-safe."""

    def __init__(self, database: Database, indexes: FollowedIndexes) -> None:
        self._database = database
        self._indexes = indexes

    @classmethod
    def open(cls, settings: Settings, models: FaceModels, part: RowPart, incarnation: str) -> Shard:
        """By the settings of this machine; from now on it follows the database, and loads large indexes.

        Raises RegardError where the settings name another database than that of `incarnation`, or none.
        """
        database = Database.open(
            settings.data, settings.database, connections=SEARCHES + _MORE_CONNECTIONS, migrate=False
        )
        try:
            _refuse_other(database, incarnation)
            indexes = FollowedIndexes(
                database,
                models,
                folder=settings.data / "shards" / part.name,
                threads=settings.search_threads,
                memory=settings.index_bytes,
                sizes=Sizes.of(settings.index_tail),
                patience=_PATIENCE,
                part=part,
            )
        except BaseException:
            database.close()
            raise
        indexes.keep_level()
        return cls(database, indexes)

    def stand(self, key: IndexKey, version: int) -> IndexStanding:
        self._refuse_behind(key, version)
        return self._indexes.standing(key)

    def level_at(self, key: IndexKey, version: int) -> SearchedIndex:
        self._refuse_behind(key, version)
        return self._indexes.follow_key(key)

    def discard(self, key: IndexKey) -> None:
        self._indexes.discard([key])

    @property
    def memory(self) -> int:
        """Bytes that its indexes hold in memory."""
        return self._indexes.memory

    def close(self) -> None:
        """Ends its threads, and keeps on disk what the next one can use."""
        self._indexes.close()
        self._database.close()

    def _refuse_behind(self, key: IndexKey, version: int) -> None:
        """What is read here may be a copy of the database that lags behind what a server has seen."""
        with self._database.read() as connection:
            seen = version_of(connection, key)
        if seen is None or seen < version:
            raise ThrottlingException("The index of the collection is being changed. Try your call again.")


def _refuse_other(database: Database, incarnation: str) -> None:
    with database.read() as connection:
        found, _ = identity_of(connection, 0)
    if found != incarnation:
        raise RegardError(
            "This machine's REGARD_DATABASE or REGARD_DATA is another database than the servers'."
        )
