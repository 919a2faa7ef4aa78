"""A gallery in shards answers as one index does, or says that it can't."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.collections import following
from regard.collections.changes import IndexKey, Position, Space, changes_since
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.index import Neighbours
from regard.collections.part import RowPart
from regard.collections.shard import Shard
from regard.collections.store import CollectionStore
from regard.errors import InternalServerError, RegardError, ThrottlingException
from regard.settings import Settings
from regard.storage.database import Database
from regard.tasks.choice import shards_of
from tests.collections.gallery_data import people
from tests.collections.made_models import models_of
from tests.collections.test_followed import DIMENSION, SIZES, Process
from tests.postgres import Place

SHARDS = 3


class ShardsHere:
    """Shards in this process, each with its own connection to the database; any may be lost."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._place, self._folder = place, folder
        self.lost: set[int] = set()
        self.shards: list[Shard] = []
        for number in range(SHARDS):
            self.shards.append(self._begin(number))

    def _begin(self, number: int) -> Shard:
        database, part = self._place.open(), RowPart(number, SHARDS)
        folder = self._folder / part.name
        models = models_of(DIMENSION)
        return Shard(database, FollowedIndexes(database, models, folder=folder, sizes=SIZES, part=part))

    def ask(self, incarnation: str, request: Any) -> Sequence[Any]:
        if self.lost:
            raise InternalServerError("The face index can't be reached. Try your call again.")
        return [request.run(shard) for shard in self.shards]

    def begin_again(self, number: int) -> None:
        self.shards[number] = self._begin(number)
        self.lost.discard(number)

    def close(self) -> None:
        for shard in self.shards:
            shard.close()


class Server(Process):
    """A server whose galleries are in shards, or, without, in its own memory."""

    def __init__(self, place: Place, shards: ShardsHere | None = None) -> None:
        self.database = place.open()
        self.indexes = FollowedIndexes(self.database, models_of(DIMENSION), sizes=SIZES, shards=shards)
        self.collections = CollectionStore(self.database, self.indexes)
        self.gallery = Gallery(self.database, self.indexes, max_faces=100_000)


def agree(found: Neighbours, expected: Neighbours) -> None:
    """The same faces at the same distances, to a float's last digit: which of those as far as the last are
    cut off may differ.
    """
    assert found.distances == pytest.approx(expected.distances, abs=1e-6)
    if len(expected.rows):
        nearer = expected.distances < expected.distances[-1] - 1e-5
        assert set(found.rows[nearer].tolist()) == set(expected.rows[nearer].tolist())


@pytest.fixture
def shards(place: Place, tmp_path: Path) -> ShardsHere:
    return ShardsHere(place, tmp_path / "shards")


@pytest.fixture
def server(place: Place, shards: ShardsHere) -> Iterator[Server]:
    made = Server(place, shards)
    made.collections.create("c", "1")
    yield made
    made.close()


def test_shards_answer_as_one_index_does_whatever_is_enrolled_and_erased(
    place: Place, server: Server
) -> None:
    alone = Server(place)
    random = np.random.default_rng(5)
    some = people(60, DIMENSION, images=2)
    ids: list[str] = []
    for turn in range(6):
        chosen = some[random.integers(0, len(some), 80)]  # the same vectors again and again: ties
        ids += server.enrol("c", chosen, f"{turn}")
        erased = random.choice(ids, 25, replace=False).tolist()
        server.gallery.delete(server.collections.get("c"), erased)
        ids = [face for face in ids if face not in erased]
        assert len(server.index("c")) == len(ids)
        for limit, radius in ((1, 0.5), (7, 1.1), (1000, 0.9), (40, float("inf"))):
            probe = some[random.integers(0, len(some))].astype(np.float32)
            expected = alone.index("c").search(probe, limit=limit, radius=radius)
            found = server.index("c").search(probe, limit=limit, radius=radius)
            assert len(expected.rows) == 40 or radius < 2
            agree(found, expected)
    alone.close()


def test_a_lost_shard_is_an_error_and_back_again_it_has_what_came_meanwhile(
    server: Server, shards: ShardsHere
) -> None:
    vectors = people(400, DIMENSION)
    ids = server.enrol("c", vectors[:390])
    assert server.find("c", vectors[0]) == [ids[0]]
    shards.shards[1].close()
    shards.lost.add(1)
    ids += server.enrol("c", vectors[390:], "meanwhile")
    server.gallery.delete(server.collections.get("c"), ids[:9])  # it can't be told, and must not find them
    for vector in (vectors[0], vectors[5], vectors[-1]):
        with pytest.raises(InternalServerError):
            server.find("c", vector)
    shards.begin_again(1)
    for n in (*range(12), *range(12, 390, 29), *range(390, 400)):
        assert server.find("c", vectors[n]) == ([] if n < 9 else [ids[n]])


def test_shards_that_lack_a_face_are_found_by_their_count_and_built_anew(
    server: Server, shards: ShardsHere
) -> None:
    vectors = people(300, DIMENSION)
    ids = server.enrol("c", vectors)
    index = server.index("c")
    row = index.search(vectors[7].astype(np.float32), limit=1).rows
    key = IndexKey.of(server.collections.get("c"), Space.FACES)
    for shard in shards.shards:
        shard.level_at(key, 0).remove(row)  # as a fault of ours would
    server.enrol("c", people(1, DIMENSION, seed=1), "one more")
    with pytest.raises(ThrottlingException, match="made anew"):
        server.find("c", vectors[7])
    assert server.find("c", vectors[7]) == [ids[7]]


def test_a_shard_whose_copy_of_the_database_lags_behind_does_not_answer(
    server: Server, shards: ShardsHere
) -> None:
    server.enrol("c", people(3, DIMENSION))
    key = IndexKey.of(server.collections.get("c"), Space.FACES)
    version = server.collections.get("c").version
    assert sum(shard.stand(key, version).living for shard in shards.shards) == 3
    for asked in (shards.shards[0].stand, shards.shards[0].level_at):
        with pytest.raises(ThrottlingException):
            asked(key, version + 1)


def test_every_row_is_in_one_part(server: Server) -> None:
    server.enrol("c", people(50, DIMENSION))
    key = IndexKey.of(server.collections.get("c"), Space.FACES)
    with server.database.read() as connection:
        whole = changes_since(connection, key, Position(), DIMENSION)
        parts = [changes_since(connection, key, Position(), DIMENSION, RowPart(n, 4)) for n in range(4)]
    assert sorted(row for part in parts for row in part.rows.tolist()) == whole.rows.tolist()
    assert len(whole.rows) == 50
    assert min(len(part.rows) for part in parts) >= 12


def test_a_deleted_collection_leaves_the_shards(server: Server, shards: ShardsHere, tmp_path: Path) -> None:
    server.enrol("c", people(300, DIMENSION))
    server.find("c", people(300, DIMENSION)[0])
    assert all(shard.memory for shard in shards.shards)
    server.indexes.drop(server.collections.get("c").row)
    assert not any(shard.memory for shard in shards.shards)
    assert not list((tmp_path / "shards").glob("*/*/*"))


def test_a_shard_refuses_a_database_that_is_not_the_servers(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    settings = Settings.load({}, data=tmp_path)
    with pytest.raises(RegardError, match="another database than the servers'"):
        Shard.open(settings, models_of(DIMENSION), RowPart(0, 2), "of another")


def test_shards_without_a_cluster_or_without_ray_are_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert shards_of(Settings.load({})) is None
    with pytest.raises(RegardError, match="say in REGARD_RAY where the cluster is"):
        shards_of(Settings.load({}, index_engine="ray"))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RegardError, match=r'pip install "regard\[ray\]"'):
        shards_of(Settings.load({}, index_engine="ray", ray="localhost:6379"))


def test_shards_are_not_built_anew_because_faces_come_while_they_are_counted(
    server: Server, shards: ShardsHere, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.enrol("c", people(4, DIMENSION))
    server.index("c")
    read, asked_shards = following.changes_since, []

    def beset(connection: Any, *asked: Any) -> Any:
        """What statements may see on PostgreSQL: the version before a change, and the faces after it."""
        found = read(connection, *asked)
        asked_shards.append(1)
        if len(asked_shards) != SHARDS:  # the last: the others are level with what the server has seen
            return found
        server.enrol("c", people(SHARDS, DIMENSION, seed=1), "meanwhile")  # one in each part
        with server.database.read() as later:
            return replace(read(later, *asked), version=found.version)

    server.enrol("c", people(1, DIMENSION, seed=2), "before")
    monkeypatch.setattr(following, "changes_since", beset)
    discarded: list[IndexKey] = []
    monkeypatch.setattr(Shard, "discard", lambda _self, key: discarded.append(key))
    server.index("c")
    monkeypatch.setattr(following, "changes_since", read)
    assert len(server.index("c")) == server.collections.get("c").face_count
    assert discarded == []
