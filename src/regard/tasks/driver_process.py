"""A process of this one's that is connected to a Ray cluster (`ray_driver.py`), made anew when it ends."""

from __future__ import annotations

import atexit
import itertools
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import structlog

from regard.errors import RegardError
from regard.measurements import TaskMeasurements
from regard.tasks.ray_cluster import check_address, refuse_without_ray, unreachable
from regard.tasks.ray_driver import ClusterFailed

T = TypeVar("T")

_JOINING = 30.0  # seconds that joining a cluster may take
_PAUSES = (1.0, 2.0, 5.0, 10.0)  # seconds between attempts to join again; the last for ever

# Not by -m: what it answers is of the module of that name, and not of `__main__`.
_MAIN = "import sys; from regard.tasks.ray_driver import main; main(int(sys.argv[1]), sys.argv[2])"

log: Any = structlog.get_logger(__name__)


class DriverProcess:
    """Asks the process that is connected. Thread-safe.

    When it ends, as it does with the head of the cluster, whatever it was asked fails with ClusterFailed, and
    so does what is asked before another is connected, which is tried for ever.
    """

    def __init__(self, address: str) -> None:
        """Raises RegardError, within some 30 s, where the cluster can't be reached or Ray isn't installed."""
        check_address(address)
        self._address = address
        self.tasks = TaskMeasurements()
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._line: _DriverLine | None = _DriverLine(address)
        self._keeper = threading.Thread(target=self._keep, name="ray", daemon=True)
        self._keeper.start()

    @property
    def process_id(self) -> int | None:
        """That of the process which is connected, while one is."""
        with self._changed:
            return None if self._line is None else self._line.process_id

    def number(self) -> int:
        """One that was never given before."""
        return next(self._numbers)

    def call(self, name: str, *arguments: object, patience: float = 0.0) -> Any:
        """What a method of `ClusterEnd` answers, and raises; ClusterFailed while there is no connection, once
        `patience` s are over.
        """
        return self._sent(patience, lambda line: line.call(self.number(), name, arguments))

    def tell(self, name: str, *arguments: object, patience: float = 0.0) -> None:
        """Has a method be called before those that are called after it. Raises ClusterFailed as `call`."""
        self._sent(patience, lambda line: line.send(0, name, arguments))

    def close(self) -> None:
        """Ends the process."""
        self._closed.set()
        with self._changed:
            line, self._line = self._line, None
            self._changed.notify_all()
        if line is not None:
            line.close()
        self._keeper.join(1.0)  # it may be joining; what that makes ends with this process

    def _sent(self, patience: float, send: Callable[[_DriverLine], T]) -> T:
        until = time.monotonic() + patience
        while True:
            line = self._connected(until - time.monotonic())
            with suppress(_NotSent):  # it has just been lost: the next one is waited for
                return send(line)

    def _connected(self, patience: float) -> _DriverLine:
        def is_known() -> bool:
            return self._closed.is_set() or (self._line is not None and not self._line.lost.is_set())

        with self._changed:
            self._changed.wait_for(is_known, max(patience, 0.0))
            if self._line is None or self._line.lost.is_set():
                raise ClusterFailed("there is no connection")
            return self._line

    def _keep(self) -> None:
        line = self._line
        while line is not None:
            line.lost.wait()
            line.close()
            with self._changed:
                if self._closed.is_set():
                    return
                self._line = None
            log.error("the connection to the Ray cluster is lost; it is tried again until it is back")
            line = self._again()
            with self._changed:
                if self._closed.is_set():
                    break
                self._line = line
                self._changed.notify_all()
            log.info("the Ray cluster is connected again")
        if line is not None:
            line.close()

    def _again(self) -> _DriverLine | None:
        pauses = itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1]))
        while not self._closed.is_set():
            try:
                return _DriverLine(self._address)
            except (RegardError, OSError) as error:  # OSError: too little memory, too many files
                log.debug("the Ray cluster can't be joined yet", reason=str(error))
            self._closed.wait(next(pauses))
        return None


class _NotSent(Exception):
    """The process has ended before it was asked."""


class _DriverLine:
    """One process, and what it was asked that it hasn't answered."""

    def __init__(self, address: str) -> None:
        """Raises RegardError as `DriverProcess`."""
        own, other = socket.socketpair()
        with own, other:
            # A session of its own: Ctrl-C is for this process, which may need the other to end in order.
            self._process = subprocess.Popen(
                [sys.executable, "-c", _MAIN, str(other.fileno()), address],
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what Ray prints is no line of a log, nor an answer of a command
                start_new_session=True,
            )
            self._connection = Connection(own.detach())
        self.lost = threading.Event()
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._asked: dict[int, Future[Any]] = {}
        try:
            self._join(address)
        except BaseException:
            self._process.kill()
            self._process.wait()
            self._connection.close()
            raise
        self._reader = threading.Thread(target=self._read, name="ray-answers", daemon=True)
        self._reader.start()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def call(self, number: int, name: str, arguments: tuple[object, ...]) -> Any:
        answer: Future[Any] = Future()
        with self._lock:
            if self.lost.is_set():
                raise _NotSent
            self._asked[number] = answer
        self.send(number, name, arguments)
        given = answer.result()
        if isinstance(given, BaseException):
            raise given
        return given

    def send(self, number: int, name: str, arguments: tuple[object, ...]) -> None:
        content = pickle.dumps((number, name, arguments), protocol=pickle.HIGHEST_PROTOCOL)
        try:
            with self._sending:
                self._connection.send_bytes(content)
        except OSError as error:
            self.lost.set()
            raise _NotSent from error

    def close(self) -> None:
        """Ends the process, and waits until it has. It may be called twice."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _join(self, address: str) -> None:
        try:
            if not self._connection.poll(_JOINING):
                raise unreachable(address)
            _, error = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - a process of our own
        except (EOFError, OSError) as error:  # it has ended: Ray ends it for reasons of its own
            raise unreachable(address) from error
        if error is not None:
            raise error

    def _read(self) -> None:
        try:
            while True:
                number, given = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - a process of our own
                with self._lock:
                    answer = self._asked.pop(number)
                answer.set_result(given)
        except (EOFError, OSError):
            with self._lock:
                self.lost.set()
                asked = list(self._asked.values())
                self._asked.clear()
            with self._sending:
                self._connection.close()
            for answer in asked:
                answer.set_result(ClusterFailed("the connection was lost meanwhile"))


@cache
def driver_of(address: str) -> DriverProcess:
    """The one of this process for the cluster at `address`, until it ends. Raises as `DriverProcess`; where
    Ray isn't installed, before anybody waits for the cluster.
    """
    check_address(address)
    refuse_without_ray()
    made = DriverProcess(address)
    atexit.register(made.close)
    return made
