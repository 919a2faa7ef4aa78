"""Milvus as the engine that all servers share: level with the database, whoever feeds it, whatever fails."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog
from sqlalchemy import select, update
from structlog.testing import capture_logs

from regard.collections import shared
from regard.collections.changes import Space
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.milvus import MilvusEngine
from regard.collections.records import NewFace
from regard.collections.store import CollectionStore
from regard.collections.upgrades import Upgrades
from regard.errors import InternalServerError, RegardError, ThrottlingException
from regard.storage.database import Database
from regard.storage.schema import engine_positions, facts
from regard.vision.geometry import Box
from tests.collections.gallery_data import people
from tests.collections.made_models import models_of
from tests.postgres import Place
from tests.waiting import PATIENCE, wait_until

pytest.importorskip("pymilvus", reason="pymilvus is not installed: pip install 'regard[dev]'")
pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed: pip install 'regard[dev]'")

DIMENSION = 16
VECTORS = people(60, DIMENSION)
AWAY = "The face index can't be reached. Try your call again."


class Milvus:
    """A Milvus Lite server in a process of its own, so that it can go away."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._data = data
        self.uri = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(self._data)]
        self._process = subprocess.Popen(
            [*command, "--port", str(self._port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Milvus]:
    server = Milvus(tmp_path_factory.mktemp("milvus") / "data")
    server.start()
    yield server
    server.stop()


class Process:
    """What one server has of the database and of Milvus."""

    def __init__(self, database: Database, milvus: Milvus) -> None:
        self.database = database
        self.engine = MilvusEngine(milvus.uri)
        self.indexes = FollowedIndexes(database, models_of(DIMENSION), engine=self.engine)
        self.collections = CollectionStore(database, self.indexes)
        self.gallery = Gallery(database, self.indexes, max_faces=100_000)

    def enrol(self, vectors: np.ndarray, digest: str = "d") -> list[str]:
        faces = [
            NewFace(Box(n / len(vectors), 0, 0.5 / len(vectors), 0.5), 99.0, vector.astype(np.float32))
            for n, vector in enumerate(vectors)
        ]
        stored = self.gallery.add(self.collections.get("c"), faces, image_digest=digest, external_image_id="")
        return [face.face_id for face in stored]

    def find(self, vector: np.ndarray) -> list[str]:
        matches = self.gallery.search(
            self.collections.get("c"), vector.astype(np.float32), limit=10, radius=0.01
        )
        return [match.face.face_id for match in matches]

    def delete(self, face: str) -> None:
        self.gallery.delete(self.collections.get("c"), [face])

    def held(self) -> list[str]:
        """The names of Milvus' collections of this life of the database."""
        with self.database.read() as connection:
            life = connection.execute(select(facts.c.value).where(facts.c.name == "incarnation")).scalar_one()
        return self.engine.names(shared.prefix_of(life))

    def count(self) -> int:
        return len(self.indexes.follow(self.collections.get("c"), Space.FACES))


@pytest.fixture
def processes(place: Place, milvus: Milvus) -> Iterator[tuple[Process, Process]]:
    """Two on one database and one Milvus."""
    one, two = (Process(place.open(), milvus) for _ in range(2))
    with one.database.write() as connection:  # the tests' databases are copies of one, which nobody's are
        connection.execute(update(facts).where(facts.c.name == "incarnation").values(value=str(uuid.uuid4())))
    one.collections.create("c", "1")
    yield one, two
    for process in (one, two):
        process.indexes.close()


def test_the_log_says_which_index_milvus_searches_with(processes: tuple[Process, Process]) -> None:
    one, two = processes
    one.enrol(people(1, DIMENSION))
    assert one.count() == 1
    structlog.reset_defaults()  # a command in this process lets warnings alone through
    with capture_logs() as told:
        assert two.count() == 1
    [said] = [entry for entry in told if entry["event"] == "index in Milvus"]
    assert said["collection"] in two.held()
    assert (said["index_type"], said["metric_type"]) == ("AUTOINDEX", "L2")


def test_a_collection_that_gets_another_face_model_is_fed_anew(processes: tuple[Process, Process]) -> None:
    one, two = processes
    older, newer = people(6, DIMENSION), people(6, DIMENSION, seed=9)
    one.enrol(older)
    assert len(two.find(older[3])) == 1
    upgrades = Upgrades(one.database, one.indexes, models_of(DIMENSION))
    there = upgrades.begin(one.collections.get("c"), models_of(DIMENSION).of("2"))
    rows = [face.row for face in upgrades.missing(there)]
    upgrades.put(there, dict(zip(rows, newer.astype(np.float32), strict=True)))
    assert len(two.find(older[3])) == 1
    upgrades.switch(there)
    for process in (two, one):
        assert [len(process.find(vector)) for vector in (older[3], newer[3])] == [0, 1]
        assert process.count() == 6
    assert len(one.held()) == 1


def test_what_one_server_enrols_and_deletes_the_other_finds_and_does_not(
    processes: tuple[Process, Process],
) -> None:
    one, two = processes
    ids = one.enrol(VECTORS[:10])
    assert two.find(VECTORS[3]) == [ids[3]]
    assert one.find(VECTORS[9]) == [ids[9]]
    ids += two.enrol(VECTORS[10:20], "other")
    assert one.find(VECTORS[15]) == [ids[15]]
    two.delete(ids[3])
    assert one.find(VECTORS[3]) == []
    assert one.count() == two.count() == 19
    assert len(one.held()) == 1


def test_a_server_that_finds_the_index_level_feeds_nothing(
    processes: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = processes
    ids = one.enrol(VECTORS)
    assert one.find(VECTORS[0]) == [ids[0]]
    fed: list[int] = []
    changes_since = shared.changes_since

    def counting(*arguments: object) -> object:
        changes = changes_since(*arguments)
        fed.append(len(changes.rows))
        return changes

    monkeypatch.setattr(shared, "changes_since", counting)
    assert two.find(VECTORS[59]) == [ids[59]]
    assert sum(fed) == 0


def test_what_was_committed_before_a_crash_is_fed_though_nobody_searches(
    processes: tuple[Process, Process],
) -> None:
    one, two = processes
    ids = one.enrol(VECTORS[:5])
    one.find(VECTORS[0])
    collection = one.collections.get("c")
    one.indexes.close()  # from here on the first commits, and dies before it feeds
    Gallery(one.database, FollowedIndexes(one.database, models_of(DIMENSION)), max_faces=9).delete(
        collection, ids[:1]
    )
    [name] = two.held()
    two.indexes.keep_level()
    wait_until(lambda: not two.engine.call("get", name, ids=[1]))
    assert two.find(VECTORS[0]) == []
    assert two.find(VECTORS[4]) == [ids[4]]


def test_what_was_fed_but_not_noted_is_fed_again_without_harm(processes: tuple[Process, Process]) -> None:
    one, two = processes
    ids = one.enrol(VECTORS[:20])
    one.find(VECTORS[0])
    with one.database.write() as connection:  # as if the crash had come before the note
        connection.execute(update(engine_positions).values(vector=5, version=-1))
    assert two.find(VECTORS[12]) == [ids[12]]
    assert one.find(VECTORS[2]) == [ids[2]]
    assert two.count() == 20


def test_an_index_that_does_not_fit_the_database_is_built_anew(processes: tuple[Process, Process]) -> None:
    one, two = processes
    ids = one.enrol(VECTORS[:20])
    one.find(VECTORS[0])
    [name] = one.held()
    one.engine.call("delete", name, ids=[7])  # behind everybody's back
    assert two.find(VECTORS[6]) == [ids[6]]
    assert one.find(VECTORS[6]) == [ids[6]]
    [renewed] = one.held()
    assert renewed != name


def test_a_milvus_that_lost_everything_is_filled_again(processes: tuple[Process, Process]) -> None:
    one, two = processes
    ids = one.enrol(VECTORS[:20])
    assert [process.find(VECTORS[6]) for process in processes] == [[ids[6]], [ids[6]]]
    for name in one.held():
        one.engine.drop(name)
    with pytest.raises(ThrottlingException, match="made anew. Try your call again"):
        one.find(VECTORS[6])
    assert one.find(VECTORS[6]) == [ids[6]]
    assert two.find(VECTORS[6]) == [ids[6]]


def test_a_deleted_collection_leaves_milvus(processes: tuple[Process, Process]) -> None:
    one, two = processes
    one.enrol(VECTORS[:5])
    one.find(VECTORS[0])
    assert one.held()
    two.collections.delete(two.collections.get("c"))
    assert one.held() == []
    one.collections.create("c", "1")
    assert one.find(VECTORS[0]) == []


def test_another_life_of_the_database_does_not_see_what_was(processes: tuple[Process, Process]) -> None:
    one, two = processes
    ids = one.enrol(VECTORS[:20])
    one.find(VECTORS[0])
    before = one.held()
    with one.database.write() as connection:
        connection.execute(update(facts).where(facts.c.name == "incarnation").values(value=str(uuid.uuid4())))
    two.delete(ids[0])
    assert two.find(VECTORS[0]) == []
    assert two.find(VECTORS[1]) == [ids[1]]
    assert two.count() == 19
    assert set(before) & set(two.engine.names("regard_")) == set(before)  # it may still serve the other


def test_many_threads_of_two_servers_enrol_search_and_delete_at_once(
    processes: tuple[Process, Process],
) -> None:
    errors: list[BaseException] = []

    def work(which: int) -> None:
        process = processes[which % 2]
        try:
            for n in range(0, 15, 3):
                some = VECTORS[which * 15 + n : which * 15 + n + 3]
                ids = process.enrol(some, f"{which}-{n}")
                assert [process.find(vector)[0] for vector in some] == ids
                process.delete(ids[0])
                assert process.find(some[0]) == []
        except BaseException as error:  # noqa: BLE001 - for the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert processes[0].count() == processes[1].count() == 40


def test_while_milvus_is_away_it_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    milvus = Milvus(tmp_path / "milvus")
    milvus.start()
    process = Process(Database.open(tmp_path / "data"), milvus)
    try:
        process.collections.create("c", "1")
        ids = process.enrol(VECTORS[:5])
        assert process.find(VECTORS[0]) == [ids[0]]
        milvus.stop()
        ids += process.enrol(VECTORS[5:10], "other")
        process.delete(ids[0])
        for _ in range(2):
            with pytest.raises(InternalServerError) as caught:
                process.find(VECTORS[7])
            assert caught.value.message == AWAY
        process.collections.create("d", "1")
        process.collections.delete(process.collections.get("d"))
        milvus.start()
        assert process.find(VECTORS[7]) == [ids[7]]
        assert process.find(VECTORS[0]) == []
        assert process.count() == 9
    finally:
        process.indexes.close()
        process.database.close()
        milvus.stop()


def test_a_milvus_that_does_not_answer_at_the_start_is_named_without_the_token() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(RegardError, match="Milvus can't be reached with REGARD_MILVUS") as caught:
        MilvusEngine(uri, "root:hidden")
    assert "hidden" not in str(caught.value)


def test_without_pymilvus_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(RegardError, match=r"pip install 'regard\[milvus\]'"):
        MilvusEngine("http://127.0.0.1:1")
