"""The process that is connected to a cluster: it is asked, it dies, it is made anew. Ray is stood in for."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from regard.errors import InvalidS3ObjectException, RegardError
from regard.measurements import TaskMeasurements
from regard.tasks import driver_process, task_node
from regard.tasks.driver_process import DriverProcess
from regard.tasks.ray_driver import ClusterFailed
from regard.tasks.ray_executor import RayExecutor
from regard.tasks.task_node import TaskNode
from regard.tasks.task_run import run_here
from tests.waiting import PATIENCE, wait_until

ADDRESS = "127.0.0.1:6379"
# What the process runs in place of Ray's part of it.
STANDING_IN = """
import os, sys, time
from regard.errors import InvalidS3ObjectException
from regard.tasks import ray_driver

class Fake:
    def __init__(self, ray):
        self.told = []
    def add(self, number):
        self.told.append(number)
    def all(self):
        return self.told
    def late(self, seconds):
        time.sleep(seconds)
        return os.getpid()
    def refuse(self):
        raise InvalidS3ObjectException("There is none.")
    def break_off(self):
        class Local(Exception):
            pass
        raise Local("of a class that nobody else has")
    def print(self):
        print("Ray says something", flush=True)
        return True

def joined(address):
    if os.path.exists(%r):
        raise ray_driver.RegardError("no cluster")

ray_driver.connected, ray_driver.ClusterEnd = joined, Fake
ray_driver.main(int(sys.argv[1]), sys.argv[2])
"""


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """While there is such a file, the cluster can't be joined."""
    return tmp_path / "away"


@pytest.fixture
def driver(away: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DriverProcess]:
    monkeypatch.setattr(driver_process, "_MAIN", STANDING_IN % str(away))
    monkeypatch.setattr(driver_process, "_PAUSES", (0.05,))
    made = DriverProcess(ADDRESS)
    yield made
    made.close()


def refused(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClusterFailed:
        return True
    return False


def test_what_is_told_comes_before_what_is_asked_and_errors_are_raised_here(
    driver: DriverProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    for number in range(50):
        driver.tell("add", number)
    assert driver.call("all") == list(range(50))
    with pytest.raises(InvalidS3ObjectException, match="There is none"):
        driver.call("refuse")
    with pytest.raises(RuntimeError, match="Local: of a class that nobody else has"):
        driver.call("break_off")
    assert driver.call("print")
    assert "Ray says" not in "".join(capfd.readouterr())  # not into what a command answers


def test_while_the_process_is_lost_calls_fail_at_once_and_another_is_connected(
    driver: DriverProcess, away: Path
) -> None:
    before = driver.call("late", 0)
    away.touch()
    os.kill(before, signal.SIGTERM)  # as systemd does to all of a service, which goes on answering
    os.kill(before, signal.SIGINT)
    assert driver.call("late", 0) == before
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: refused(lambda: driver.call("late", 0)))
    began = time.monotonic()
    assert refused(lambda: driver.call("late", 0))
    assert refused(lambda: driver.tell("add", 1))
    assert time.monotonic() - began < 0.5
    assert refused(lambda: driver.call("late", 0, patience=0.2))
    away.unlink()
    assert driver.call("late", 0, patience=30) != before


def test_a_call_that_waits_when_the_process_dies_fails(driver: DriverProcess) -> None:
    process = driver.process_id
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    driver.tell("add", 1)
    killed = time.monotonic()
    Timer(0.2, os.kill, (process, signal.SIGKILL)).start()
    with pytest.raises(ClusterFailed, match="lost"):
        driver.call("late", 60)
    assert time.monotonic() - killed < 10


def test_the_process_ends_with_the_one_that_asks(driver: DriverProcess) -> None:
    process = driver.process_id
    driver.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process or 0, 0)
    with pytest.raises(ClusterFailed):
        driver.call("all", patience=60)


def test_a_process_that_can_t_be_started_is_tried_again(
    driver: DriverProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    popen, refused = driver_process.subprocess.Popen, []

    def scarce(*arguments: Any, **options: Any) -> Any:
        if not refused:
            refused.append(1)
            raise BlockingIOError("no process is left")
        return popen(*arguments, **options)

    monkeypatch.setattr(driver_process.subprocess, "Popen", scarce)
    os.kill(driver.process_id or 0, signal.SIGKILL)
    wait_until(lambda: bool(refused))
    driver.tell("add", 3, patience=PATIENCE)
    assert driver.call("all", patience=PATIENCE) == [3]


def test_an_address_where_nobody_is_is_named_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(RegardError, match=rf"The Ray cluster '127.0.0.1:{port}' can't be reached"):
        DriverProcess(f"127.0.0.1:{port}")
    with pytest.raises(RegardError, match="can't be reached"):
        DriverProcess("127.0.0.1:99999")
    assert time.monotonic() - began < 30


def test_an_address_where_somebody_is_who_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_process, "_JOINING", 0.5)
    # As Ray does there, with or without which this test is run.
    monkeypatch.setattr(driver_process, "_MAIN", "import time; time.sleep(60)")
    with pytest.raises(RegardError, match="can't be reached"):
        DriverProcess(ADDRESS)


@dataclass(frozen=True)
class SquareTask:
    """Gives a square, but refuses 5."""

    side: int

    def run(self, _node: TaskNode) -> int:
        if self.side == 5:
            raise InvalidS3ObjectException("There is no 5.")
        return self.side**2


class Machines:
    """In place of a connection: does a task when its answer is taken, and notes what is dropped."""

    def __init__(self) -> None:
        self.tasks = TaskMeasurements()
        self.dropped: list[int] = []
        self._begun: dict[int, tuple[str, bytes]] = {}
        self._numbers = itertools.count()

    def number(self) -> int:
        return next(self._numbers)

    def tell(self, name: str, number: int, *arguments: Any, **_patience: float) -> None:
        if name == "begin":
            self._begun[number] = arguments[0], arguments[1]
        else:
            self.dropped.append(number)

    def call(self, name: str, *arguments: int, **_patience: float) -> Any:
        return 2 if name == "slots" else run_here(*self._begun[arguments[0]])


def test_tasks_answer_in_order_and_are_counted_by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_node, "node_here", lambda: None)
    machines: Any = Machines()
    results = RayExecutor(machines).results(map(SquareTask, range(9)))
    assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]
    with pytest.raises(InvalidS3ObjectException, match="no 5"):
        next(results)
    measured = machines.tasks
    assert sum(measured.done.read()[("square",)].counts) == 5
    assert measured.failed.read() == {("square",): 1}
    ways = {way: count for (_, way), count in measured.bytes.read().items()}
    assert ways["sent"] > ways["received"] > 0
    assert machines.dropped == [6, 7, 8]


def test_a_machine_of_another_version_reads_no_task() -> None:
    with pytest.raises(RegardError, match=r"and the worker 0\.0\.1"):
        run_here("0.0.1", b"what no other version can read")
