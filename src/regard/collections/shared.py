"""One index that all servers share, and how it is kept level with the database.

How far it has followed is in the database, beside what it follows. Whoever finds it behind feeds it, one
server at a time. A crash in between loses nothing: what was fed but not noted is fed again, and does no harm.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from regard.collections.changes import (
    Changes,
    IndexKey,
    Position,
    Space,
    beginning,
    changes_since,
    identity_of,
    version_of,
)
from regard.collections.following import Report
from regard.collections.index import Index
from regard.collections.memory import MemoryIndex
from regard.collections.milvus import MilvusEngine, MilvusIndex
from regard.errors import ThrottlingException
from regard.storage.database import Database
from regard.storage.schema import collections, engine_positions

_log = structlog.get_logger()
_POSITION = select(
    engine_positions.c.name,
    engine_positions.c.vector,
    engine_positions.c.removal,
    engine_positions.c.version,
)
_VERSIONS = select(
    engine_positions.c.name, engine_positions.c.version.label("fed"), collections.c.version
).join_from(engine_positions, collections, engine_positions.c.collection == collections.c.row)
_BEHIND = (
    select(engine_positions.c.collection, engine_positions.c.space, collections.c.face_model_version)
    .join_from(engine_positions, collections, engine_positions.c.collection == collections.c.row)
    .where(engine_positions.c.version != collections.c.version)
)
_NEVER = -1  # the version of an index that was never level


@dataclass(frozen=True, slots=True)
class _Fed:
    """How far the engine's collection `name` has been fed, and which version it was level with at last."""

    name: str
    position: Position
    version: int


def prefix_of(incarnation: str) -> str:
    """How the names begin that the engine's collections have in this life of the database."""
    return f"regard_{incarnation.replace('-', '')}_"


def behind(connection: Connection) -> list[IndexKey]:
    """The indexes that changes of their collections have not reached yet."""
    return [
        IndexKey(row.collection, Space(row.space), row.face_model_version)
        for row in connection.execute(_BEHIND)
    ]


def is_fed(connection: Connection, key: IndexKey) -> bool:
    """Whether an engine was ever given vectors of it."""
    here = engine_positions.c
    asked = select(here.name).where(here.collection == key.collection, here.space == key.space.value)
    return connection.execute(asked).first() is not None


def erase_orphans(database: Database, engine: MilvusEngine) -> None:
    """Erases what the engine holds of collections that are gone. Other databases' are left alone."""
    with database.read() as connection:
        incarnation, _ = identity_of(connection, 0)
    held = engine.names(prefix_of(incarnation))
    with database.read() as connection:  # after the names: what was made since is not among them
        wanted = set(connection.execute(select(engine_positions.c.name)).scalars())
    for name in held:
        if name not in wanted:
            engine.drop(name)


class SharedFollowing:
    """The shared index of a collection's faces or users. `lock` is held by who calls its methods."""

    def __init__(
        self,
        database: Database,
        engine: MilvusEngine,
        dimension: int,
        report: Report,
        key: IndexKey,
    ) -> None:
        self._database = database
        self._engine = engine
        self._dimension = dimension
        self._report = report
        self._key = key
        self._verified = False
        self._id = ""
        self.lock = threading.Lock()
        self.index: MilvusIndex | None = None
        self.version = _NEVER
        self.progress = (0, 0)
        self.used = 0.0
        self.stopping = False  # set by who is about to close it, so that a long load ends
        self.stopping = False
        self.dropped = False

    def is_level(self) -> bool:
        """Whether the index holds every change that is committed, whoever fed it. Needs no lock."""
        return self._level(self.index) is not None

    def catch_up(self) -> Index:
        """Brings the index level with the database, making it first where there is none."""
        version = self._level(self.index)
        if version is not None and self.index is not None:
            self.version = version
            return self.index
        while True:
            if self.stopping:
                raise ThrottlingException("The collection's index is being closed. Try your call again.")
            with self._database.hold(self._key.name):
                index = self._opened()
                if index is None:
                    return MemoryIndex(self._dimension)  # the collection is gone
                changes = self._feed(index)
                if changes.more:
                    continue
                if changes.version is None:
                    return MemoryIndex(self._dimension)  # the collection is gone
                if not self._verified and len(index) != changes.living:
                    _log.warning("index does not fit the database; it is built anew", collection=self._id)
                    self._anew(index.name)
                    continue
            self._verified = True
            if self.progress[1]:
                self._tell(changes.living, changes.living)
                self.progress = (0, 0)
            self.version = changes.version
            return index

    def close(self, *, keep: bool = True) -> None:  # noqa: ARG002 - as Following.close
        """Others go on with it."""
        self.dropped = True

    def _level(self, index: MilvusIndex | None) -> int | None:
        """The collection's version, where the index is level with it."""
        if index is None or index.broken or not self._verified:
            return None
        with self._database.read() as connection:
            row = connection.execute(_VERSIONS.where(*self._where_fed())).first()
        if row is None or row.name != index.name or row.fed != row.version:
            return None
        version: int = row.version
        return version

    # --- while it is held, so that one server feeds at a time -----------------------------------------------

    def _opened(self) -> MilvusIndex | None:
        """The index that the database names; None where the collection is gone, or has another model."""
        with self._database.read() as connection:
            incarnation, self._id = identity_of(connection, self._key.collection)
            fed = self._fed(connection.execute(_POSITION.where(*self._where_fed())).first())
            has_vectors = version_of(connection, self._key) is not None
        if not has_vectors:
            self.index, self.version = None, _NEVER
            return None
        index = self.index
        if index is not None and fed is not None and not index.broken and index.name == fed.name:
            return index
        # A backup brings the name of another life's index, which may still serve that one.
        if fed is None or not fed.name.startswith(prefix_of(incarnation)):
            return self._anew(None)
        if not self._engine.open(fed.name):
            return self._anew(fed.name)
        self._verified = False
        self.index = MilvusIndex(self._engine, fed.name, self._dimension)
        return self.index

    def _anew(self, old: str | None) -> MilvusIndex:
        """An empty index in place of the one that was called `old`.

        It is named in the database before it is made, so that what the database does not name is nobody's.
        """
        try:
            name = self._named_anew()
        except IntegrityError as error:  # in this moment it was deleted
            raise self._lost() from error
        self._engine.create(name, self._dimension)
        self._verified = False
        self.index = MilvusIndex(self._engine, name, self._dimension)
        if old is not None:
            self._engine.drop(old)
        return self.index

    def _named_anew(self) -> str:
        with self._database.write() as connection:
            incarnation, _ = identity_of(connection, self._key.collection)
            key = self._key
            name = f"{prefix_of(incarnation)}{key.collection}_{key.space.value}_{uuid.uuid4().hex[:8]}"
            start = beginning(connection, key)
            connection.execute(delete(engine_positions).where(*self._where_fed()))
            connection.execute(
                insert(engine_positions).values(
                    collection=key.collection,
                    space=key.space.value,
                    name=name,
                    vector=start.vector,
                    removal=start.removal,
                    version=_NEVER,
                )
            )
        return name

    def _feed(self, index: MilvusIndex) -> Changes:
        """A page of what happened since, noted when Milvus has it."""
        with self._database.read() as connection:
            fed = self._fed(connection.execute(_POSITION.where(*self._where_fed())).first())
            position = fed.position if fed is not None else Position()
            changes = changes_since(connection, self._key, position, self._dimension)
        if fed is None or fed.name != index.name:
            raise self._lost()
        if len(changes.rows):
            index.add(changes.rows, changes.vectors)
        if len(changes.removed):
            index.remove(changes.removed)
        if changes.more:
            self._tell(self.progress[0] + len(changes.rows), changes.living)
        version = _NEVER if changes.more or changes.version is None else changes.version
        if changes.position != position or version != fed.version:
            self._note(fed, changes.position, version)
        return changes

    def _note(self, fed: _Fed, position: Position, version: int) -> None:
        noting = (
            update(engine_positions)
            .where(
                *self._where_fed(),
                engine_positions.c.name == fed.name,
                engine_positions.c.vector == fed.position.vector,
                engine_positions.c.removal == fed.position.removal,
            )
            .values(
                vector=position.vector,
                removal=position.removal,
                version=version,
            )
        )
        with self._database.write() as connection:
            noted = connection.execute(noting).rowcount
        if not noted:
            raise self._lost()

    def _lost(self) -> ThrottlingException:
        """Another server took over, after this one lost its hold: what is in the index is counted again."""
        self.index = None
        return ThrottlingException("The index of the collection is being changed. Try your call again.")

    def _fed(self, row: Any) -> _Fed | None:
        return None if row is None else _Fed(row.name, Position(row.vector, row.removal), row.version)

    def _where_fed(self) -> tuple[ColumnElement[bool], ...]:
        here = engine_positions.c
        return (here.collection == self._key.collection, here.space == self._key.space.value)

    def _tell(self, done: int, total: int) -> None:
        self.progress = (done, total)
        self._report(self._id, done, total)
