"""Indexes follow the database: loaded when used, from snapshots when there are any, dropped when idle."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from regard.collections import changes, following
from regard.collections.changes import IndexKey, Space
from regard.collections.fastscan import Sizes
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import NewFace
from regard.collections.store import CollectionStore
from regard.errors import ResourceNotFoundException, ThrottlingException
from regard.storage.database import Database
from regard.storage.schema import removals
from regard.vision.geometry import Box
from tests.collections.gallery_data import people
from tests.collections.made_models import models_of
from tests.waiting import PATIENCE, wait_until

DIMENSION = 16
SIZES = Sizes(tail=64, segment=1024)


class Process:
    """What one process has of a data folder."""

    def __init__(self, data: Path, **options: object) -> None:
        self.database = Database.open(data)
        self.indexes = FollowedIndexes(
            self.database, models_of(DIMENSION), **({"folder": data / "index", "sizes": SIZES} | options)
        )
        self.collections = CollectionStore(self.database, self.indexes)
        self.gallery = Gallery(self.database, self.indexes, max_faces=100_000)

    def enrol(self, name: str, vectors: np.ndarray, digest: str = "d") -> list[str]:
        faces = [
            NewFace(Box(n / len(vectors), 0, 0.5 / len(vectors), 0.5), 99.0, vector.astype(np.float32))
            for n, vector in enumerate(vectors)
        ]
        stored = self.gallery.add(
            self.collections.get(name), faces, image_digest=digest, external_image_id=""
        )
        return [face.face_id for face in stored]

    def find(self, name: str, vector: np.ndarray, radius: float = 0.01) -> list[str]:
        matches = self.gallery.search(
            self.collections.get(name), vector.astype(np.float32), limit=10, radius=radius
        )
        return [match.face.face_id for match in matches]

    def index(self, name: str):
        return self.indexes.follow(self.collections.get(name), Space.FACES)

    def close(self) -> None:
        self.indexes.close()
        self.database.close()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path)
    made.collections.create("c", "1")
    yield made
    made.close()


def test_a_small_collection_leaves_no_files(process: Process, tmp_path: Path) -> None:
    process.enrol("c", people(20, DIMENSION))
    assert process.find("c", people(20, DIMENSION)[3])
    process.indexes.close()
    assert not (tmp_path / "index").exists()


def test_a_restart_reads_the_snapshot_and_then_only_what_came_after(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = people(300, DIMENSION)
    ids = process.enrol("c", vectors[:250])
    process.index("c").settle()
    process.close()
    process = Process(tmp_path)  # the tail of it, and a deletion, come when the snapshot is made
    process.gallery.delete(process.collections.get("c"), [ids[10]])
    ids += process.enrol("c", vectors[250:], "other")
    process.database.close()  # as a crash would: nothing is published

    read = []
    changes_since = following.changes_since

    def counting(*arguments: object) -> object:
        changes = changes_since(*arguments)
        read.append(len(changes.rows))
        return changes

    monkeypatch.setattr(following, "changes_since", counting)
    again = Process(tmp_path)
    for n in (0, 249, 299):
        assert again.find("c", vectors[n]) == [ids[n]]
    assert again.find("c", vectors[10]) == []
    assert sum(read) == 50
    again.close()


def test_an_index_that_does_not_fit_the_database_is_built_anew(process: Process, tmp_path: Path) -> None:
    vectors = people(200, DIMENSION)
    ids = process.enrol("c", vectors)
    process.index("c").settle()
    process.close()
    again = Process(tmp_path)
    with again.database.write() as connection:  # behind everybody's back, as a file put back by hand would
        connection.exec_driver_sql("delete from faces where row <= 50")
        connection.exec_driver_sql("update collections set face_count = 150, version = version + 1")
    assert again.find("c", vectors[3]) == []
    assert again.find("c", vectors[60]) == [ids[60]]
    assert len(again.index("c")) == 150
    again.close()


def test_an_index_that_missed_erasures_which_are_forgotten_is_built_anew(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that is kept on disk, and of one in the memory of a process that nobody has asked for long."""
    monkeypatch.setattr(changes, "KEPT_REMOVALS", 5)
    monkeypatch.setattr(changes, "_PRUNED_AFTER", 1)
    vectors = people(200, DIMENSION)
    ids = process.enrol("c", vectors)
    process.index("c").settle()
    process.close()
    idle, busy = Process(tmp_path, folder=None), Process(tmp_path, folder=None)
    assert idle.find("c", vectors[3]) == [ids[3]]
    for face_id in ids[:20]:
        busy.gallery.delete(busy.collections.get("c"), [face_id])
    with busy.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(removals)).scalar_one() == 5
    restarted = Process(tmp_path)
    for behind in (idle, restarted):
        assert len(behind.index("c")) == 180
        assert behind.find("c", vectors[3]) == []
        assert behind.find("c", vectors[20]) == [ids[20]]
    for one in (idle, busy, restarted):
        one.close()


def test_an_index_of_another_life_of_the_database_is_not_used(process: Process, tmp_path: Path) -> None:
    vectors = people(200, DIMENSION)
    process.enrol("c", vectors)
    process.index("c").settle()
    process.close()
    other = people(200, DIMENSION, seed=9)
    again = Process(tmp_path)
    with again.database.write() as connection:
        connection.exec_driver_sql("update facts set value = 'another' where name = 'incarnation'")
        for row, vector in enumerate(other, 1):
            connection.exec_driver_sql("update faces set vector = ? where row = ?", (vector.tobytes(), row))
    assert again.find("c", vectors[3]) == []
    assert len(again.find("c", other[3])) == 1
    again.close()


def test_indexes_that_exceed_the_memory_are_dropped_and_come_back(tmp_path: Path) -> None:
    process = Process(tmp_path, memory=12_000)
    vectors = people(400, DIMENSION)
    names = [f"c{n}" for n in range(8)]
    ids = {}
    for n, name in enumerate(names):
        process.collections.create(name, "1")
        ids[name] = process.enrol(name, vectors[n * 50 : n * 50 + 50])
    for _ in range(2):
        for n, name in enumerate(names):
            assert process.find(name, vectors[n * 50 + 7]) == [ids[name][7]]
            assert process.indexes.memory <= 12_000
    assert process.indexes.loaded < len(names)
    process.close()


def test_a_thousand_small_collections_take_little_memory(tmp_path: Path) -> None:
    process = Process(tmp_path)
    vectors = people(20, DIMENSION)
    for n in range(30):
        process.collections.create(f"c{n}", "1")
        process.enrol(f"c{n}", vectors)
        process.find(f"c{n}", vectors[0])
    assert process.indexes.memory / 30 < 2 * 20 * (DIMENSION * 4 + 13)
    process.close()


def test_what_others_enrol_is_followed_though_nobody_searches(process: Process, tmp_path: Path) -> None:
    other = Process(tmp_path)
    other.index("c")
    other.indexes.keep_level()
    process.enrol("c", people(100, DIMENSION))
    index = other.indexes._find(IndexKey.of(process.collections.get("c"), Space.FACES)).index
    wait_until(lambda: len(index) == 100)
    other.close()


def test_a_deleted_collection_leaves_no_files(process: Process, tmp_path: Path) -> None:
    process.enrol("c", people(200, DIMENSION))
    process.index("c").settle()
    assert list((tmp_path / "index").iterdir())
    process.collections.delete(process.collections.get("c"))
    assert not list((tmp_path / "index").iterdir())


def test_folders_of_collections_that_are_gone_are_removed_at_the_start(tmp_path: Path) -> None:
    stray = tmp_path / "index" / "99-faces"
    stray.mkdir(parents=True)
    (stray / "old.segment").write_bytes(b"faces of somebody")
    process = Process(tmp_path)
    process.indexes.keep_level()
    wait_until(lambda: not stray.exists())
    process.close()


def test_a_search_during_a_long_load_is_told_to_try_again(tmp_path: Path) -> None:
    Process(tmp_path).collections.create("c", "1")
    loading, go_on = threading.Event(), threading.Event()

    def report(_name: str, _done: int, _total: int) -> None:
        loading.set()
        assert go_on.wait(PATIENCE)

    process = Process(tmp_path, patience=0.1, report=report)
    process.enrol("c", people(following.PAGE, DIMENSION))
    loader = threading.Thread(target=process.index, args=("c",))
    loader.start()
    assert loading.wait(PATIENCE)
    with pytest.raises(ThrottlingException, match=r"16,384 of 16,384.*Try your call again"):
        process.find("c", people(1, DIMENSION)[0])
    go_on.set()
    loader.join()
    assert len(process.find("c", people(following.PAGE, DIMENSION)[77])) == 1
    process.close()


def test_many_threads_enrol_search_and_delete_at_once(process: Process) -> None:
    vectors = people(8 * 60, DIMENSION)
    errors: list[BaseException] = []

    def work(which: int) -> None:
        try:
            for n in range(0, 60, 3):
                some = vectors[which * 60 + n : which * 60 + n + 3]
                ids = process.enrol("c", some, f"{which}-{n}")
                assert [process.find("c", vector)[0] for vector in some] == ids
                process.gallery.delete(process.collections.get("c"), ids[:1])
                assert process.find("c", some[0]) == []
                assert process.find("c", some[2]) == ids[2:]
        except BaseException as error:  # noqa: BLE001 - for the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(which,)) for which in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert process.collections.get("c").face_count == len(process.index("c")) == 8 * 40


def test_a_collection_that_is_deleted_while_it_is_searched_is_gone_and_nothing_else_happens(
    process: Process, tmp_path: Path
) -> None:
    vectors = people(200, DIMENSION)
    errors: list[BaseException] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            try:
                found = process.find("c", vectors[5])
                assert len(found) <= 1
            except (ResourceNotFoundException, ThrottlingException):
                pass
            except BaseException as error:  # noqa: BLE001 - for the main thread
                errors.append(error)
                return

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(15):
        process.enrol("c", vectors, str(n))
        process.index("c").settle()
        process.collections.delete(process.collections.get("c"))
        process.collections.create("c", "1")
    done.set()
    for thread in threads:
        thread.join()
    assert not errors
    assert not list((tmp_path / "index").glob("*/*.segment"))


def test_an_erasure_reaches_files_that_another_process_kept_until_now(
    process: Process, tmp_path: Path
) -> None:
    vectors = people(200, DIMENSION)
    ids = process.enrol("c", vectors)
    process.index("c").settle()
    other = Process(tmp_path)
    assert other.find("c", vectors[3]) == [ids[3]]  # it maps the files privately
    process.close()
    other.gallery.delete(other.collections.get("c"), [ids[3]])
    files = list((tmp_path / "index").glob("*/*.segment"))
    assert files
    assert not any(vectors[3].tobytes() in file.read_bytes() for file in files)
    other.close()


def test_a_collection_deleted_elsewhere_is_not_written_back(process: Process, tmp_path: Path) -> None:
    process.enrol("c", people(200, DIMENSION))
    process.index("c").settle()
    other = Process(tmp_path)
    other.find("c", people(200, DIMENSION)[3])
    process.collections.delete(process.collections.get("c"))
    other.close()
    assert not list((tmp_path / "index").glob("*"))


def test_deleting_a_collection_does_not_wait_until_its_index_is_loaded(tmp_path: Path) -> None:
    Process(tmp_path).collections.create("c", "1")
    loading = threading.Event()

    def report(_name: str, _done: int, _total: int) -> None:
        loading.set()
        time.sleep(0.2)

    process = Process(tmp_path, report=report)
    for n in range(4):
        process.enrol("c", people(following.PAGE, DIMENSION, seed=n), str(n))
    refused: list[BaseException] = []

    def load() -> None:
        try:
            process.find("c", people(1, DIMENSION)[0])
        except (ThrottlingException, ResourceNotFoundException) as error:
            refused.append(error)

    loader = threading.Thread(target=load)
    loader.start()
    assert loading.wait(PATIENCE)
    process.collections.delete(process.collections.get("c"))
    loader.join(PATIENCE)
    assert not loader.is_alive()
    process.close()


def test_the_follower_goes_on_when_one_collection_fails(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.collections.create("other", "1")
    there = Process(tmp_path)
    for name in ("c", "other"):
        there.index(name)
    broken = there.collections.get("c").row
    catch_up = following.Following.catch_up

    def failing(self: following.Following) -> object:
        if self._key.collection == broken:
            raise RuntimeError("broken")
        return catch_up(self)

    monkeypatch.setattr(following.Following, "catch_up", failing)
    there.indexes.keep_level()
    for name in ("c", "other"):
        process.enrol(name, people(10, DIMENSION))
    index = there.indexes._find(IndexKey.of(there.collections.get("other"), Space.FACES)).index
    wait_until(lambda: len(index) == 10)
    there.close()
