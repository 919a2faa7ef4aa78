"""A gallery in parts, each held by another process: what is asked of them, and how n answers become one.

Each shard holds the same part of every gallery and follows the database by itself. A search is put to all of
them, and is answered when all have answered: what a lost shard holds is nobody else's, so that an answer
without it would be silently incomplete.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from regard.collections.changes import IndexKey, IndexStanding, identity_of, standing_of, version_of
from regard.collections.index import Neighbours, SearchedIndex, merged
from regard.collections.memory import MemoryIndex
from regard.errors import ServiceError, ThrottlingException
from regard.storage.database import Database

_log = structlog.get_logger()
_NEVER = -1  # the version of a collection that is not there
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class PartIndexes(Protocol):
    """What a shard has: its part of the indexes of all collections."""

    def stand(self, key: IndexKey, version: int) -> IndexStanding:
        """Brings an index level with the database; answers with which version, and how many vectors it holds.

        Raises ThrottlingException where the database here has not come to `version` yet, or while a large
        index is being loaded.
        """

    def level_at(self, key: IndexKey, version: int) -> SearchedIndex:
        """The index, holding all that `version` has. Raises as `stand`."""

    def discard(self, key: IndexKey) -> None:
        """Forgets an index and what is kept of it."""


class ShardRequest(Protocol[T_co]):
    """Something that is asked of every shard: plain data, since it travels."""

    def run(self, indexes: PartIndexes) -> T_co:
        """What a shard with these indexes answers. Raises ServiceError."""


class ShardSet(Protocol):
    """All shards of an installation. Thread-safe."""

    def ask(self, incarnation: str, request: ShardRequest[T]) -> Sequence[T]:
        """What each shard of that life of the database answers.

        Raises InternalServerError where one is lost, late or has no such database, and what a shard raises.
        """

    def close(self) -> None:
        """Leaves the shards to the other servers."""


@dataclass(frozen=True, slots=True, eq=False)
class ShardSearch:
    """The `limit` nearest to `probe`, float32 (dimension,), at most `radius` away, at `version` or later."""

    key: IndexKey
    version: int
    probe: NDArray[np.float32]
    limit: int
    radius: float

    def run(self, indexes: PartIndexes) -> Neighbours:
        index = indexes.level_at(self.key, self.version)
        return index.search(self.probe, limit=self.limit, radius=self.radius)


@dataclass(frozen=True, slots=True)
class ShardStanding:
    """With which version a shard is level, having come to `version` at least."""

    key: IndexKey
    version: int

    def run(self, indexes: PartIndexes) -> IndexStanding:
        return indexes.stand(self.key, self.version)


@dataclass(frozen=True, slots=True)
class ShardDiscard:
    """That an index is to be made anew, or is nobody's any more."""

    key: IndexKey

    def run(self, indexes: PartIndexes) -> None:
        indexes.discard(self.key)


class ShardedIndex:
    """The vectors of one collection in all shards. They follow the database, so nothing is added here."""

    memory = 0  # none of this process's

    def __init__(self, shards: ShardSet, incarnation: str, key: IndexKey) -> None:
        self._shards = shards
        self._incarnation = incarnation
        self._key = key
        self.standing = IndexStanding(_NEVER, 0)
        """The newest version that every shard was seen to hold, and how many vectors it has."""
        self._held = 0

    def search(self, probe: NDArray[np.float32], *, limit: int, radius: float = float("inf")) -> Neighbours:
        """As `SearchedIndex.search`. Raises what `ShardSet.ask` raises, rather than answer with a part."""
        probe = np.ascontiguousarray(probe, np.float32)
        asked = ShardSearch(self._key, self.standing.version, probe, limit, radius)
        return merged(self._shards.ask(self._incarnation, asked), limit)

    def __len__(self) -> int:
        return self._held

    def level(self, expected: IndexStanding) -> None:
        """Has every shard come to the version that the database was seen at.

        Raises ThrottlingException where they don't hold together what the collection had then; they make
        their parts anew. Raises what `ShardSet.ask` raises.
        """
        standings = self._shards.ask(self._incarnation, ShardStanding(self._key, expected.version))
        held = sum(one.living or 0 for one in standings)
        # In the midst of changes there is nothing to compare; once there are none for a moment, there is.
        is_known = all(one.version == expected.version and one.living is not None for one in standings)
        if is_known and expected.living is not None and held != expected.living:
            _log.warning(
                "shards do not fit the database; they are built anew", held=held, living=expected.living
            )
            self.discard()
            raise ThrottlingException("The index of the collection is being made anew. Try your call again.")
        self.standing, self._held = expected, held

    def discard(self) -> None:
        """Has every shard forget it. Raises what `ShardSet.ask` raises."""
        self._shards.ask(self._incarnation, ShardDiscard(self._key))

    def close(self) -> None:
        """The shards go on for the other servers."""


class ShardedFollowing:
    """How a server sees an index that shards hold. `lock` is held by who calls its methods."""

    def __init__(self, database: Database, shards: ShardSet, dimension: int, key: IndexKey) -> None:
        self._database = database
        self._shards = shards
        self._dimension = dimension
        self._key = key
        self.lock = threading.Lock()
        self.index: ShardedIndex | None = None
        self.version = _NEVER
        self.progress = (0, 0)
        self.used = 0.0
        self.stopping = False
        self.dropped = False

    def is_level(self) -> bool:
        """Whether the shards were seen to hold every change that is committed. Needs no lock."""
        if self.index is None:
            return False
        with self._database.read() as connection:
            return version_of(connection, self._key) in (None, self.version)

    def catch_up(self) -> SearchedIndex:
        """Has the shards come to what is committed."""
        with self._database.read() as connection:
            incarnation, _ = identity_of(connection, self._key.collection)
            standing = standing_of(connection, self._key)
        if standing is None:
            self.index, self.version = None, _NEVER
            return MemoryIndex(self._dimension)
        index = self.index or ShardedIndex(self._shards, incarnation, self._key)
        index.level(standing)
        self.index, self.version = index, standing.version
        return index

    def close(self, *, keep: bool = True) -> None:
        """Others go on with it. What isn't kept, a shard that can't be reached now forgets by itself: it
        follows the database, and an index that doesn't fit is found by its count.
        """
        self.dropped = True
        if keep or self.index is None:
            return
        try:
            self.index.discard()
        except ServiceError as error:
            _log.info("shards forget an index later", index=self._key.name, reason=error.message)
