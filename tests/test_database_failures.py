"""A database that is locked, full or gone: clear errors meanwhile, nothing half done, all well afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from sqlalchemy import event, text

from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import NewFace
from regard.collections.store import CollectionStore, find_collection
from regard.errors import InternalServerError, ServiceError, ThrottlingException
from regard.governance.audit import AuditLog
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from regard.vision.geometry import Box
from tests.collections.made_models import models_of
from tests.conftest import start_server, stop_server
from tests.postgres import PASSWORD, Cluster, Place
from tests.waiting import PATIENCE

DIMENSION = 256
BUSY = "The database is busy. Try your call again."
UNREACHABLE = "The database can't be reached. Try your call again."
FULL = "The disk of the database is full. Make room on it and try your call again."
UNWRITABLE = "The database can't be written. See to its disk and try your call again."
ONCE = Config(retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Stores:
    database: Database
    collections: CollectionStore
    gallery: Gallery
    audit: AuditLog

    def enrol(self, n: int) -> str:
        """Enrols the nth face, as an image of its own, with an audit record; answers its id."""
        vector = np.random.default_rng(n).normal(size=DIMENSION).astype(np.float32)
        face = NewFace(Box(0.1, 0.1, 0.1, 0.1), 99.0, vector)
        [stored] = self.gallery.add(
            self.collections.get("c"), [face], image_digest=str(n), external_image_id="e"
        )
        self.audit.append({"enrolled": n})
        return stored.face_id

    def faces(self) -> set[str]:
        page = self.gallery.page(self.collections.get("c"), after=0, limit=100_000)
        return {face.face_id for face in page}

    def check(self, acknowledged: set[str]) -> None:
        """Every face that was acknowledged is there, the count is true, and the audit log unbroken."""
        found = self.faces()
        assert acknowledged <= found
        assert self.collections.get("c").face_count == len(found)
        assert self.audit.verify().sequence >= len(acknowledged)


def stores(database: Database) -> Stores:
    indexes = FollowedIndexes(database, models_of(DIMENSION))
    return Stores(
        database,
        CollectionStore(database, indexes),
        Gallery(database, indexes, max_faces=100_000),
        AuditLog(database),
    )


def fail_by_and_by(store: Stores) -> tuple[set[str], ServiceError]:
    """Enrols faces until that fails; the faces that were acknowledged, and what was said."""
    acknowledged: set[str] = set()
    for n in range(20_000):
        try:
            acknowledged.add(store.enrol(n))
        except ServiceError as error:
            return acknowledged, error
    raise AssertionError("the disk never became full")


# --- SQLite ----------------------------------------------------------------------------------------------

_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_database_that_another_process_locks_is_said_to_be_busy(tmp_path: Path) -> None:
    store = stores(Database.open(tmp_path, busy_seconds=0.2))
    store.collections.create("c", "1")
    kept = {store.enrol(0)}
    command = [sys.executable, "-c", _LOCK, str(tmp_path / "regard.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        for change in (
            lambda: store.enrol(1),
            lambda: store.collections.create("d", "1"),
            lambda: store.collections.delete(store.collections.get("c")),
            lambda: store.audit.append({}),
        ):
            with pytest.raises(ThrottlingException) as caught:
                change()
            assert caught.value.message == BUSY
        assert store.faces() == kept  # readers wait for nobody
        other.communicate()
    kept.add(store.enrol(1))
    store.check(kept)


def test_a_file_that_may_grow_no_further_is_full_until_it_may(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    store = stores(database)
    store.collections.create("c", "1")
    most = [120]

    def bound(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={most[0]}")

    event.listen(database.engine, "checkout", bound)
    kept, error = fail_by_and_by(store)
    assert isinstance(error, InternalServerError)
    assert error.message == FULL
    store.check(kept)
    most[0] = 1_000_000
    kept.add(store.enrol(-1 % 2**31))
    store.check(kept)


def test_a_file_that_can_not_be_written_is_said_without_its_name(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    store = stores(database)
    store.collections.create("c", "1")
    kept = {store.enrol(0)}

    def forbid(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA query_only=ON")

    event.listen(database.engine, "checkout", forbid)
    with pytest.raises(InternalServerError) as caught:
        store.enrol(1)
    assert caught.value.message == UNWRITABLE
    store.check(kept)


# --- A disk that is really full ---------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 32 MB of its own."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = Path(tempfile.mkdtemp(prefix="regard-disk-"))
    folder.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m,mode=755", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        folder.rmdir()
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture(params=["sqlite", "postgresql"])
def cramped(request: pytest.FixtureRequest, small_disk: Path) -> Iterator[Place]:
    """A database on that disk."""
    if request.param == "sqlite":
        place = Place(small_disk / "data", None)
        yield place
        place.close()
        return
    cluster = request.getfixturevalue("cluster")
    url = cluster.make_database(disk=small_disk)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), url)
        yield place
        place.close()
    cluster.drop_database(url)


def fill(disk: Path) -> Path:
    """A file that takes all the room that a disk has left."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert os.statvfs(disk).f_bfree == 0
    return filler


def test_a_full_disk_loses_nothing_and_all_is_well_once_there_is_room(
    cramped: Place, small_disk: Path
) -> None:
    store = stores(cramped.open())
    store.collections.create("c", "1")
    kept = {store.enrol(-n % 2**31) for n in range(1, 4)}
    filler = fill(small_disk)
    acknowledged, error = fail_by_and_by(store)
    kept |= acknowledged
    assert isinstance(error, InternalServerError)
    assert error.message == FULL
    store.check(kept)
    stores(cramped.open()).check(kept)  # a process that comes now can read, too
    filler.unlink()
    kept.add(store.enrol(50_000))
    store.check(kept)
    stores(cramped.open()).check(kept)


# --- PostgreSQL -------------------------------------------------------------------------------------------


def test_two_writers_that_wait_for_each_other_are_told_to_try_again(
    postgres_url: str, tmp_path: Path
) -> None:
    store = stores(Database.open(tmp_path, postgres_url))
    for name in "cd":
        store.collections.create(name, "1")
    both = threading.Barrier(2)

    def lock(names: str) -> str:
        try:
            with store.database.write() as connection:
                find_collection(connection, names[0], lock=True)
                both.wait(timeout=PATIENCE)
                find_collection(connection, names[1], lock=True)
        except ThrottlingException as error:
            return error.message
        return "done"

    with ThreadPoolExecutor(2) as executor:
        assert sorted(executor.map(lock, ["cd", "dc"])) == [BUSY, "done"]
    store.database.close()


def test_a_row_that_stays_locked_is_said_to_be_busy(postgres_url: str, tmp_path: Path) -> None:
    holder = stores(Database.open(tmp_path, postgres_url))
    store = stores(Database.open(tmp_path, postgres_url, busy_seconds=0.2))
    store.collections.create("c", "1")
    with holder.database.write() as connection:
        find_collection(connection, "c", lock=True)
        with pytest.raises(ThrottlingException) as caught:
            store.enrol(0)
        assert caught.value.message == BUSY
    store.check({store.enrol(0)})
    for one in (holder, store):
        one.database.close()


def test_a_postgresql_with_no_connection_to_spare_is_said_to_be_out_of_reach(
    cluster: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    database = Database.open(tmp_path, postgres_url)
    cluster.sql("ALTER ROLE regard CONNECTION LIMIT 1")
    try:
        with database.read(), pytest.raises(InternalServerError) as caught, database.read():
            pass
    finally:
        cluster.sql("ALTER ROLE regard CONNECTION LIMIT -1")
    assert caught.value.message == UNREACHABLE
    with database.read(), database.read():
        pass
    database.close()


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_postgresql_that_was_restarted_is_not_noticed_afterwards(
    cluster: Cluster, postgres_url: str, tmp_path: Path, how: str
) -> None:
    store = stores(Database.open(tmp_path, postgres_url))
    store.collections.create("c", "1")
    with ThreadPoolExecutor(8) as executor:  # so that there are many connections that die
        kept = set(executor.map(store.enrol, range(16)))
    cluster.stop(how)
    cluster.start()
    kept.add(store.enrol(100))
    cluster.stop(how)
    cluster.start()
    store.check(kept)
    store.database.close()


def test_a_connection_that_breaks_within_a_change_leaves_nothing_of_it(
    cluster: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    store = stores(Database.open(tmp_path, postgres_url))
    store.collections.create("c", "1")

    def change() -> None:
        with store.database.write() as connection:
            connection.execute(text("INSERT INTO tags VALUES ('a', 'b', 'c')"))
            cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'regard'")
            connection.execute(text("INSERT INTO tags VALUES ('d', 'e', 'f')"))

    with pytest.raises(InternalServerError) as caught:
        change()
    assert caught.value.message == UNREACHABLE
    with store.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM tags")).scalar() == 0
    store.database.close()


def test_a_server_outlives_its_postgresql_and_loses_no_acknowledged_face(
    installed_pack: InstalledPack, cluster: Cluster, postgres_url: str, tmp_path: Path, portrait: Path
) -> None:
    server = start_server(tmp_path / "data", environment={"REGARD_DATABASE": postgres_url})
    try:
        client = server.client(config=ONCE)
        client.create_collection(CollectionId="c")
        image = {"Bytes": portrait.read_bytes()}
        acknowledged: list[str] = []
        refused: list[ClientError] = []
        down = threading.Event()

        def enrol(n: int) -> None:
            try:
                answer = client.index_faces(CollectionId="c", Image=image, ExternalImageId=str(n))
                acknowledged.append(answer["FaceRecords"][0]["Face"]["FaceId"])
            except ClientError as error:
                refused.append(error)

        def enrol_while_it_goes() -> None:
            for n in range(10_000):
                enrol(n)
                if down.is_set():
                    return

        thread = threading.Thread(target=enrol_while_it_goes)
        thread.start()
        while len(acknowledged) < 5:
            pass
        cluster.stop("immediate")
        down.set()
        thread.join()
        for _ in range(3):
            enrol(-1)
        assert len(refused) >= 3
        for error in refused:
            assert error.response["Error"] == {"Code": "InternalServerError", "Message": UNREACHABLE}
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        with urllib.request.urlopen(server.endpoint + "/healthz", timeout=PATIENCE) as answer:
            assert answer.status == 200
        cluster.start()
        enrol(20_000)
        found = client.search_faces_by_image(CollectionId="c", Image=image, MaxFaces=4096)["FaceMatches"]
        assert set(acknowledged) <= {match["Face"]["FaceId"] for match in found}
        assert client.describe_collection(CollectionId="c")["FaceCount"] == len(found)
    finally:
        stop_server(server)
    log = (tmp_path / "data.log").read_text()
    assert "the database failed" in log
    assert PASSWORD not in log
    database = Database.open(tmp_path / "data", postgres_url)
    assert AuditLog(database).verify().sequence > len(acknowledged)
    database.close()


def test_a_postgresql_that_hangs_holds_up_only_those_who_need_it(
    installed_pack: InstalledPack, cluster: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    server = start_server(tmp_path / "data", environment={"REGARD_DATABASE": postgres_url})
    try:
        client = server.client(config=ONCE)
        client.create_collection(CollectionId="c")
        with ThreadPoolExecutor(1) as executor:
            with cluster.frozen():
                waiting = executor.submit(client.describe_collection, CollectionId="c")
                for _ in range(5):
                    with urllib.request.urlopen(server.endpoint + "/healthz", timeout=PATIENCE) as answer:
                        assert answer.status == 200
                assert not waiting.done()
            assert waiting.result(timeout=PATIENCE)["FaceCount"] == 0
    finally:
        stop_server(server)
