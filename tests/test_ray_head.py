"""A server whose galleries are in shards outlives the head of the Ray cluster, and finds it again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from regard.errors import InternalServerError, RegardError, ServiceError
from regard.tasks.driver_process import DriverProcess
from regard.tasks.ray_shards import RayShards
from tests.collections.gallery_data import people
from tests.test_ray_shards import DIMENSION, Server, begun
from tests.waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Starts a head, at the same port each time; answers its process, which leads all of its own."""
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("REGARD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # else Ray writes a token into the home folder
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:

        def start() -> int:
            place = Path(folder) / str(len(started))  # a short path: Ray has sockets in it
            command = ["start", "--head", "--port", str(port), "--num-cpus", "2", "--temp-dir", str(place)]
            command += ["--include-dashboard=false", "--object-store-memory", "100000000", "--block"]
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "ray.scripts.scripts", *command],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
            wait_until(lambda: answers(port), seconds=3 * PATIENCE, pause=0.2)
            return started[-1].pid

        start.port = port  # type: ignore[attr-defined]
        yield start
        for one in started:
            kill(one.pid)
            one.wait()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def kill(leader: int) -> None:
    """Kills a process and all below it, at once, as a machine dies."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
    found = [leader]
    for one in found:
        found += parents.get(one, [])
    for one in found:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def joined(address: str) -> DriverProcess:
    """A head takes connections before it can be joined."""
    until = time.monotonic() + 3 * PATIENCE
    while True:
        try:
            return DriverProcess(address)
        except RegardError:
            assert time.monotonic() < until


def is_refused(server: Server, probe: np.ndarray) -> bool:
    try:
        server.find(probe)
    except InternalServerError:
        return True
    return False


def test_a_server_outlives_the_head_and_searches_again_when_it_is_back(
    head: Callable[[], int], tmp_path: Path
) -> None:
    first = head()
    driver = joined(f"127.0.0.1:{head.port}")  # type: ignore[attr-defined]
    server = Server(tmp_path / "data", RayShards(driver, 2))
    try:
        server.collections.create("c", "2.0")
        begun(server)
        vectors = people(50, DIMENSION)
        ids = server.enrol(vectors, "before")
        assert server.find(vectors[7]) == [ids[7]]
        kill(first)
        wait_until(lambda: is_refused(server, vectors[7]))
        fresh = server.enrol(people(1, DIMENSION, seed=5), "meanwhile")  # enrolling needs no shard
        wait_until(lambda: driver.process_id is None, seconds=4 * PATIENCE)
        asked = time.monotonic()
        with pytest.raises(InternalServerError, match="can't be reached"):
            server.find(vectors[7])
        assert time.monotonic() - asked < 1  # once the connection is known to be lost, nobody waits
        head()

        def is_back() -> bool:
            try:
                return server.find(vectors[7]) == [ids[7]]
            except ServiceError:
                return False

        wait_until(is_back, seconds=6 * PATIENCE, pause=0.2)
        assert server.find(np.asarray(people(1, DIMENSION, seed=5)[0])) == fresh
    finally:
        server.close()
        driver.close()
