"""The indexes of this process: loaded when they are used, kept level with the database, dropped when idle."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from sqlalchemy import select

from regard.collections.changes import (
    IndexKey,
    IndexStanding,
    Space,
    model_changed,
    version_of,
)
from regard.collections.face_models import FaceModels
from regard.collections.fastscan import Sizes
from regard.collections.following import Report
from regard.collections.index import SearchedIndex
from regard.collections.index_place import Followed, IndexPlace
from regard.collections.milvus import MilvusEngine
from regard.collections.part import WHOLE, RowPart
from regard.collections.records import Collection
from regard.collections.shards import ShardSet
from regard.collections.shared import behind, erase_orphans
from regard.collections.workers import Workers
from regard.errors import ServiceError, ThrottlingException
from regard.measurements import Timings
from regard.storage.database import Database
from regard.storage.schema import collections

_log = structlog.get_logger()
_POLL = 0.5  # seconds in which changes that others make are followed, even if nobody searches
_PATIENCE = 10.0  # seconds that a request waits for an index that is being loaded
_STATES = select(
    collections.c.row,
    collections.c.face_model_version,
    collections.c.next_model,
    collections.c.face_count,
    collections.c.version,
)


class FollowedIndexes:
    """Indexes of collections, by whose vectors they hold and which model made them. Thread-safe."""

    def __init__(
        self,
        database: Database,
        models: FaceModels,
        *,
        folder: Path | None = None,
        threads: int = 2,
        memory: int | None = None,
        sizes: Sizes | None = None,
        patience: float = _PATIENCE,
        report: Report | None = None,
        engine: MilvusEngine | None = None,
        shards: ShardSet | None = None,
        part: RowPart = WHOLE,
        timings: Timings | None = None,
    ) -> None:
        """Snapshots are kept in `folder`, none when None; `threads` scan for one search at most.

        With an `engine` or `shards`, which are closed with the indexes, all servers share those that they
        hold. Of `part`, one of several, nothing is held but its rows.

        `timings` is told how long each search took.

        Indexes hold up to `memory` bytes together, but the one in use is never dropped.
        """
        self.timings = timings or Timings()
        self.followed = time.monotonic()
        """When the thread that follows has last been through, by time.monotonic()."""
        self._database = database
        self._memory = memory
        self._engine = engine
        self._may_hold_orphans = engine is not None
        self._patience = patience
        self._sizes = sizes or Sizes()
        self._place = IndexPlace(
            database, models, Workers(threads), self._sizes, folder, report or _silent, engine, shards, part
        )
        self._lock = threading.Lock()
        self._following: dict[IndexKey, Followed] = {}
        self._stopped = threading.Event()
        self._failing: set[tuple[object, ...]] = set()
        self._keeper: threading.Thread | None = None

    def follow(self, collection: Collection, space: Space) -> SearchedIndex:
        """The index of a collection, holding every change committed before this call.

        Raises ThrottlingException, which clients try again, while a large index is being loaded.
        """
        return self.follow_key(IndexKey.of(collection, space))

    def follow_key(self, key: IndexKey) -> SearchedIndex:
        """As `follow`."""
        while True:
            if self._stopped.is_set():
                raise ThrottlingException("The server is stopping. Try your call again.")
            following = self._find(key)
            if following.index is not None and following.is_level():
                return following.index
            if not following.lock.acquire(timeout=self._patience):
                done, total = following.progress
                raise ThrottlingException(
                    f"The index of the collection is being loaded, {done:,} of {total:,} are done. "
                    "Try your call again."
                )
            try:
                if following.dropped:
                    continue
                index = following.catch_up()
            finally:
                following.lock.release()
            self._refuse_changed(following, key)
            self._make_room(following)
            return index

    def standing(self, key: IndexKey) -> IndexStanding:
        """With which version an index is level, and how many vectors it holds then. Raises as `follow`."""
        index = self.follow_key(key)
        following = self._find(key)
        with following.lock:
            if following.index is not index:
                raise ThrottlingException(
                    "The index of the collection is being changed. Try your call again."
                )
            with self._database.read() as connection:
                is_quiet = version_of(connection, key) == following.version
            # Else what was read after the version may be newer than it.
            return IndexStanding(following.version, len(index) if is_quiet else None)

    def forget_erased(self, collection: Collection, space: Space) -> None:
        """Takes vectors that were erased from the database out of memory and files, where they are in them.

        An index that is being loaded right now does so by itself, before anybody can search it.
        """
        key = IndexKey.of(collection, space)
        with self._lock:
            loaded = key in self._following
        if loaded or self._place.is_kept(key):
            try:
                self.follow_key(key)
            except ServiceError as error:  # they are erased; no search goes by before the index has followed
                _log.info(
                    "erased vectors leave the index later", collection=collection.row, reason=error.message
                )

    def drop(self, collection: int) -> None:
        """Forgets the indexes of a collection (its row) that was deleted, and what is kept of them."""
        with self._lock:
            loaded = [key for key in self._following if key.collection == collection]
        self.discard(loaded)
        for folder in self._place.folders():
            if folder.name.startswith(f"{collection}-"):
                shutil.rmtree(folder, ignore_errors=True)
        self._may_hold_orphans = self._engine is not None
        self._erase_orphans()

    def keep_level(self) -> None:
        """From now on follows the database in a thread of its own, large collections from the start."""
        self._keeper = threading.Thread(target=self._keep_level, name="follower", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """Ends the threads, and keeps on disk what a restart can use."""
        self._stopped.set()
        with self._lock:
            closing = list(self._following.items())
        for _, following in closing:
            following.stopping = True
        if self._keeper is not None:
            self._keeper.join()
        for key, following in closing:
            self._close(following, key, keep=True)
        self._place.close()

    @property
    def memory(self) -> int:
        """Bytes that all indexes hold in memory."""
        with self._lock:
            indexes = [following.index for following in self._following.values()]
        return sum(index.memory for index in indexes if index is not None)

    @property
    def loaded(self) -> int:
        """How many indexes are in memory."""
        with self._lock:
            return sum(following.index is not None for following in self._following.values())

    def drop_model(self, collection: int, model: str) -> None:
        """Forgets the indexes of a collection (its row) by a face model that it has no more."""
        self.discard([IndexKey(collection, space, model) for space in Space])
        self._may_hold_orphans = self._engine is not None
        self._erase_orphans()

    def prepare(self, collection: Collection) -> None:
        """Makes the index of the collection's faces by its next face model, so that it is there at once when
        that becomes the present one. An engine that all servers share is fed then.

        It is made anew: vectors may have been added to rows that one from before has passed.
        """
        if collection.next_model is not None and self._engine is None:
            key = IndexKey(collection.row, Space.FACES, collection.next_model)
            self.discard([key])
            self.follow_key(key)

    # --- one index ---------------------------------------------------------------------------------------

    def discard(self, keys: Iterable[IndexKey]) -> None:
        """Forgets indexes, and what is kept of them."""
        for key in keys:
            with self._lock:
                following = self._following.get(key)
            if following is not None:
                self._close(following, key, keep=False)
            folder = self._place.path(key)
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _refuse_changed(self, following: Followed, key: IndexKey) -> None:
        """Raises ThrottlingException where the collection is there, and has no such vectors any more."""
        if following.version >= 0:
            return
        with self._database.read() as connection:
            there = connection.execute(_STATES.where(collections.c.row == key.collection)).first() is not None
            changed = there and version_of(connection, key) is None
        if changed:
            self.discard([key])
            raise model_changed()

    def _find(self, key: IndexKey) -> Followed:
        with self._lock:
            following = self._following.get(key)
            if following is None:
                following = self._following[key] = self._place.make(key)
            following.used = time.monotonic()
            return following

    def _make_room(self, used: Followed) -> None:
        """Drops the indexes that were not used for longest, until the others fit into memory."""
        if self._memory is None:
            return
        excess = self.memory - self._memory
        with self._lock:
            oldest_first = sorted(self._following.items(), key=lambda item: item[1].used)
        for key, following in oldest_first:
            if excess <= 0:
                return
            if following is used or following.index is None or not following.lock.acquire(blocking=False):
                continue
            try:
                excess -= following.index.memory
                self._closed(following, key, keep=True)
            finally:
                following.lock.release()

    def _close(self, following: Followed, key: IndexKey, *, keep: bool) -> None:
        """Waits for whoever holds its lock, who ends soon."""
        following.stopping = True
        with following.lock:
            self._closed(following, key, keep=keep)

    def _closed(self, following: Followed, key: IndexKey, *, keep: bool) -> None:
        """The lock is held. Forgotten last, so that nobody opens another one beside it."""
        following.close(keep=keep)
        with self._lock:
            if self._following.get(key) is following:
                del self._following[key]

    # --- the thread that follows ---------------------------------------------------------------------------

    def _keep_level(self) -> None:
        while not self._attempt(self._load_large):
            if self._stopped.wait(_POLL * 10):
                return
        while not self._stopped.wait(_POLL):
            self._attempt(self._erase_orphans)
            is_level = self._attempt(self._follow_loaded)
            if self._attempt(self._follow_shared) and is_level:
                self.followed = time.monotonic()

    def _attempt(self, task: Callable[..., object], *arguments: object) -> bool:
        """Whether it went well. The thread goes on in any case; what fails again and again is told once."""
        which = (task.__name__, *arguments)
        try:
            task(*arguments)
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread's result
            if which not in self._failing and not self._stopped.is_set():
                what = _log.warning if isinstance(error, ServiceError) else _log.exception
                what("indexes can't follow the database", task=which, reason=str(error))
            self._failing.add(which)
            return False
        self._failing.discard(which)
        return True

    def _load_large(self) -> None:
        """What would take long to load is loaded before anybody asks for it; what is left over is removed."""
        # Listed first: what is made from here on belongs to a collection that there is.
        folders = self._place.folders()
        with self._database.read() as connection:
            found = connection.execute(_STATES).all()
        counts = {
            IndexKey(one.row, space, one.face_model_version): one.face_count
            for one in found
            for space in Space
        }
        names = {key.name for key in counts}
        names |= {IndexKey(one.row, Space.FACES, one.next_model).name for one in found if one.next_model}
        for folder in folders:
            if folder.name.partition("-")[0].isdigit() and folder.name not in names:
                shutil.rmtree(folder, ignore_errors=True)
        for key, count in counts.items():
            if key.space is Space.FACES and count >= self._sizes.tail and not self._stopped.is_set():
                self._attempt(self.follow_key, key)

    def _follow_loaded(self) -> None:
        with self._lock:
            loaded = {key: one.version for key, one in self._following.items() if one.index is not None}
        with self._database.read() as connection:
            there = {one.row: one for one in connection.execute(_STATES)}
        for key, version in loaded.items():
            found = there.get(key.collection)
            if found is None:
                self.drop(key.collection)  # another process deleted it
            elif key.model not in (found.face_model_version, found.next_model):
                self.discard([key])  # another process has given it another face model
            elif found.version != version and not self._stopped.is_set():
                self._attempt(self._follow_idle, key)

    def _follow_shared(self) -> None:
        """What nobody here has searched may be behind, too, since the server that changed it went away."""
        if self._engine is None:
            return
        with self._database.read() as connection:
            late = behind(connection)
        for key in late:
            if not self._stopped.is_set():
                self._find(key)
                self._attempt(self._follow_idle, key)

    def _erase_orphans(self) -> None:
        """Erases from the engine what is left there of collections that are gone, later where it is away."""
        if self._engine is None or not self._may_hold_orphans:
            return
        try:
            erase_orphans(self._database, self._engine)
            self._may_hold_orphans = False
        except ServiceError as error:
            _log.warning("deleted collections leave the engine later", reason=error.message)

    def _follow_idle(self, key: IndexKey) -> None:
        """Follows without counting as use, so that idle indexes are still the first to be dropped."""
        with self._lock:
            following = self._following.get(key)
        if following is None or not following.lock.acquire(blocking=False):
            return  # whoever holds the lock brings it up to date
        try:
            if not following.dropped:
                following.catch_up()
        finally:
            following.lock.release()


def _silent(_name: str, _done: int, _total: int) -> None:
    """Reports to nobody."""
