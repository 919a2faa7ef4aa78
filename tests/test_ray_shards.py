"""Shards of a gallery on a real Ray cluster, whose processes are killed: one index's answer, or an error."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from regard.collections.changes import IndexKey, Space, identity_of
from regard.collections.face_models import FACE_MODELS, FaceModels
from regard.collections.fastscan import Sizes
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.index import Neighbours
from regard.collections.records import NewFace
from regard.collections.shards import ShardStanding
from regard.collections.store import CollectionStore
from regard.errors import InternalServerError, ServiceError
from regard.storage.database import Database
from regard.tasks import ray_shards
from regard.tasks.driver_process import DriverProcess
from regard.tasks.ray_shards import RayShards
from regard.vision.geometry import Box
from tests.collections.gallery_data import people
from tests.collections.test_shards import agree
from tests.waiting import PATIENCE, wait_until

MODEL = "2.0"
DIMENSION = FACE_MODELS[MODEL].dimension
SHARDS = 2
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def driver(data: Path) -> Iterator[DriverProcess]:
    """Of a cluster of one machine, which has its settings from the environment that it is started in."""
    module: ModuleType = pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGARD_DATA", str(data))
        patch.setenv("REGARD_INDEX_TAIL", "256")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")  # else Ray writes a token into the home folder
        module.init(
            address="local",
            num_cpus=SHARDS + 1,  # those of one more test
            include_dashboard=False,
            object_store_memory=100_000_000,
            log_to_driver=False,
            configure_logging=False,
        )
        made = DriverProcess(module.get_runtime_context().gcs_address)
        yield made
        made.close()
        module.shutdown()


class Server:
    """What a server has: its galleries in shards, or, without, in its own memory."""

    def __init__(self, data: Path, shards: RayShards | None) -> None:
        self.database = Database.open(data)
        models = FaceModels(FACE_MODELS, MODEL)
        self.indexes = FollowedIndexes(self.database, models, sizes=Sizes.of(256), shards=shards)
        self.collections = CollectionStore(self.database, self.indexes)
        self.gallery = Gallery(self.database, self.indexes, max_faces=100_000)

    def enrol(self, vectors: np.ndarray, digest: str) -> list[str]:
        box = Box(0.1, 0.1, 0.1, 0.1)
        faces = [NewFace(box, 99.0, vector.astype(np.float32)) for vector in vectors]
        collection = self.collections.get("c")
        stored = self.gallery.add(collection, faces, image_digest=digest, external_image_id="")
        return [face.face_id for face in stored]

    def find(self, vector: np.ndarray) -> list[str]:
        probe = vector.astype(np.float32)
        matches = self.gallery.search(self.collections.get("c"), probe, limit=10, radius=0.01)
        return [match.face.face_id for match in matches]

    def near(self, probe: np.ndarray, limit: int, radius: float) -> Neighbours:
        index = self.indexes.follow(self.collections.get("c"), Space.FACES)
        return index.search(probe.astype(np.float32), limit=limit, radius=radius)

    def close(self) -> None:
        self.indexes.close()
        self.database.close()


@pytest.fixture(scope="module")
def server(driver: DriverProcess, data: Path) -> Iterator[Server]:
    made = Server(data, RayShards(driver, SHARDS))
    made.collections.create("c", MODEL)
    begun(made)
    yield made
    made.close()


def begun(server: Server) -> None:
    """Returns once all shards answer."""

    def answers() -> bool:
        try:
            server.find(np.zeros(DIMENSION))
        except ServiceError:
            return False
        return True

    wait_until(answers, seconds=3 * PATIENCE, pause=0.2)


def actor_processes() -> list[int]:
    """The processes of shards below this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            ours = f"REGARD_DATA={os.environ['REGARD_DATA']}".encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if b"ray::ShardActor" in line and ours:
            found.append(int(folder.name))
    return found


def test_shards_answer_as_one_index_and_a_face_is_found_at_once(server: Server, data: Path) -> None:
    alone = Server(data, None)
    random = np.random.default_rng(3)
    some = people(400, DIMENSION, images=2)
    ids: list[str] = []
    for turn in range(4):
        chosen = np.concatenate([some, some[:60]])  # the same vectors twice: ties
        fresh = server.enrol(chosen[random.permutation(len(chosen))], f"{turn}")
        ids += fresh
        erased = random.choice(ids, 200, replace=False).tolist()
        server.gallery.delete(server.collections.get("c"), erased)
        for limit, radius in ((1, 1.2), (50, 1.2), (500, 1.33)):
            for probe in some[random.integers(0, len(some), 5)]:
                found = server.near(probe, limit, radius)
                agree(found, alone.near(probe, limit, radius))
                assert len(found.rows) or limit < 500
        ids = [face for face in ids if face not in erased]
    for n, vector in enumerate(people(30, DIMENSION, seed=9)):
        [face] = server.enrol(vector[None], f"one {n}")
        assert server.find(vector) == [face]
        server.gallery.delete(server.collections.get("c"), [face])
        assert server.find(vector) == []
    alone.close()


def test_a_killed_shard_is_an_error_until_it_is_whole_again(server: Server) -> None:
    vectors = people(300, DIMENSION, seed=4)
    ids = server.enrol(vectors, "before")
    assert server.find(vectors[0]) == [ids[0]]
    killed = actor_processes()
    assert len(killed) == SHARDS
    os.kill(killed[0], signal.SIGKILL)
    failed, answered, begun_at = 0, False, time.monotonic()
    meanwhile = people(1, DIMENSION, seed=5)
    while not answered:
        assert time.monotonic() - begun_at < 3 * PATIENCE
        try:
            found = server.find(vectors[failed % 300])
        except InternalServerError:
            failed += 1
            if failed == 1:
                ids += server.enrol(meanwhile, "meanwhile")  # enrolling needs no shard
        else:
            assert found == [ids[failed % 300]]
            answered = True
    assert failed
    print(f"{failed} errors in {time.monotonic() - begun_at:.1f} s")
    assert [server.find(vector) for vector in (*vectors, *meanwhile)] == [[face] for face in ids]
    assert set(actor_processes()) != set(killed)


def test_another_server_shares_the_shards_that_are_there(
    server: Server, driver: DriverProcess, data: Path
) -> None:
    before = sorted(actor_processes())
    other = Server(data, RayShards(driver, SHARDS))
    vector = people(1, DIMENSION, seed=6)[0]
    [face] = other.enrol(vector[None], "other")
    assert server.find(vector) == other.find(vector) == [face]
    other.close()
    assert server.find(vector) == [face]
    assert sorted(actor_processes()) == before


def test_a_machine_with_another_version_or_another_database_holds_no_shard(
    server: Server, driver: DriverProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = IndexKey.of(server.collections.get("c"), Space.FACES)
    with server.database.read() as connection:
        incarnation, _ = identity_of(connection, 0)
    for version, database, reason in (
        ("0.0.1", incarnation, "and the server 0.0.1"),
        (None, "of another", "another database than the servers'"),
    ):
        said: list[Any] = []
        monkeypatch.setattr(ray_shards.log, "error", lambda _event, said=said, **told: said.append(told))
        shards = RayShards(driver, 1)
        shards._own = version or shards._own
        with pytest.raises(InternalServerError, match="can't be reached"):
            shards.ask(database, ShardStanding(key, 0))
        assert reason in said[0]["reason"]
        shards.close()


def test_a_shard_that_no_server_asks_any_more_ends_and_is_made_again(
    server: Server, driver: DriverProcess
) -> None:
    key = IndexKey.of(server.collections.get("c"), Space.FACES)
    with server.database.read() as connection:
        incarnation, _ = identity_of(connection, 0)
    others = set(actor_processes())
    for _ in range(2):
        shards = RayShards(driver, 1, forgotten=2.0)
        [standing] = shards.ask(incarnation, ShardStanding(key, 0))
        assert standing.living == server.collections.get("c").face_count
        time.sleep(4)
        assert len(set(actor_processes()) - others) == 1  # as long as there is a server
        shards.close()
        wait_until(lambda: not set(actor_processes()) - others, seconds=PATIENCE / 4)
