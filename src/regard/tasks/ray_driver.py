"""The process that is connected to a Ray cluster, for the one that has started it (`driver_process.py`).

Ray ends the process that has joined a cluster when the cluster's head is lost, prints to its output, and
takes its signals. So that none of this befalls a server or a command, it befalls this process, which does
nothing else, and which knows tasks and requests as bytes alone.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from regard.errors import RegardError, ServiceError
from regard.tasks.ray_cluster import connected
from regard.tasks.shard_actor import ShardActor
from regard.tasks.task_run import run_here

if TYPE_CHECKING:
    from types import ModuleType

_RETRIES = 5  # of a task whose machine or process died; a task that dies so often kills what does it
_THREADS = 256  # calls that wait for an answer of the cluster at a time
_PENDING = 256  # requests that one server has with a shard at most; a stalled one is not given more
_SECONDS = 10.0  # that a request waits for all shards
_SIGNS = 20  # that a server gives in the time after which a shard without any ends
_NAMESPACE = "regard"


class ClusterFailed(RegardError):
    """The cluster hasn't done what it was asked to, for a reason that the log is to have."""


@dataclass(frozen=True, slots=True)
class WantedShards:
    """How many shards a server has, how many `searches` each does at a time, and how many seconds after the
    last server has gone a shard ends: `forgotten`.
    """

    count: int
    searches: int
    forgotten: float


class ClusterEnd:
    """What can be asked of the cluster, by the names of its methods. Thread-safe."""

    def __init__(self, ray: ModuleType) -> None:
        self._ray = ray
        self._run = ray.remote(num_cpus=1, max_retries=_RETRIES)(run_here)
        self._tasks: dict[int, Any] = {}
        self._shards: dict[int, ShardActors] = {}
        self._lock = threading.Lock()

    def slots(self) -> int:
        """How many tasks the cluster does at a time."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def begin(self, number: int, own: str, task: bytes) -> None:
        """Hands a task out, under a number that is used once."""
        self._tasks[number] = self._run.remote(own, task)

    def take(self, number: int) -> bytes:
        """What the task gave. Raises what it raised, or ClusterFailed."""
        reference = self._tasks.pop(number, None)
        if reference is None:
            raise ClusterFailed("the task was handed out before the connection was lost")
        return bytes(self._answer(reference))

    def drop(self, number: int) -> None:
        """Forgets a task whose answer nobody waits for."""
        reference = self._tasks.pop(number, None)
        if reference is not None:
            self._ray.cancel(reference, force=False)

    def ask(
        self, server: int, wanted: WantedShards, own: str, incarnation: str, request: bytes
    ) -> list[bytes]:
        """What each shard answers a request. Raises what a shard raises, or ClusterFailed."""
        with self._lock:
            shards = self._shards.get(server)
            if shards is None:
                shards = self._shards[server] = ShardActors(self._ray, wanted)
        try:
            asked = [actor.answer.remote(request) for actor in shards.named(own, incarnation)]
            return [bytes(answer) for answer in self._answer(asked, timeout=_SECONDS)]
        except (ClusterFailed, self._ray.exceptions.RayError) as error:
            # Found by their names again: one that could not begin has none any more, and is made anew.
            shards.forget(incarnation)
            if isinstance(error, ClusterFailed):
                raise
            raise ClusterFailed(f"{type(error).__name__}: {error}") from error

    def leave(self, server: int) -> None:
        """Leaves the shards to other servers; without any they end by themselves."""
        with self._lock:
            shards = self._shards.pop(server, None)
        if shards is not None:
            shards.close()

    def _answer(self, reference: Any, timeout: float | None = None) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference, timeout=timeout)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, RegardError | errors.RayError) and not _is_told(cause):
                # It has another version of Regard, or none, or lacks the pack: a machine that isn't set up.
                raise ClusterFailed(f"{type(cause).__name__}: {str(cause)[-400:]}") from error
            if _is_told(cause):
                raise cause from None  # as if it had been done here
            raise RuntimeError(str(error)) from error
        except errors.RayError as error:
            raise ClusterFailed(f"{type(error).__name__}: {str(error)[-400:]}") from error


def _is_told(error: object) -> bool:
    """Whether whoever asks is to be told what was raised, as if their own process had done it."""
    from regard.packs.manifest import PackError
    from regard.video.reading.limits import VideoError

    return isinstance(error, ServiceError | VideoError | PackError)


class ShardActors:
    """The actors of one server, made when they are first asked. Thread-safe."""

    def __init__(self, ray: ModuleType, wanted: WantedShards) -> None:
        self._ray, self._wanted = ray, wanted
        self._lock = threading.Lock()
        self._actors: dict[str, list[Any]] = {}
        self._stopped = threading.Event()
        threading.Thread(target=self._tell, name="shards", daemon=True).start()

    def named(self, own: str, incarnation: str) -> Sequence[Any]:
        """Those of a life of the database, for a server of the version `own`, made where there are none."""
        with self._lock:
            found = self._actors.get(incarnation)
            if found is None:
                found = [self._actor(own, incarnation, number) for number in range(self._wanted.count)]
                self._actors[incarnation] = found
            return found

    def forget(self, incarnation: str) -> None:
        """Has them be found by their names when they are next asked."""
        with self._lock:
            self._actors.pop(incarnation, None)

    def close(self) -> None:
        """Gives them no more signs of life."""
        self._stopped.set()

    def _actor(self, own: str, incarnation: str, number: int) -> Any:
        options = {
            "name": f"shard {number}-of-{self._wanted.count} of {incarnation}, {own}",
            "namespace": _NAMESPACE,
            "get_if_exists": True,
            "lifetime": "detached",
            "max_restarts": -1,
            "max_task_retries": 0,  # whoever asked is told, and tries again
            "max_concurrency": self._wanted.searches,
            "max_pending_calls": _PENDING,
            "num_cpus": 1,
            "scheduling_strategy": "SPREAD",
        }
        actor = self._ray.remote(ShardActor).options(**options)
        return actor.remote(own, incarnation, number, self._wanted.count, self._wanted.forgotten)

    def _tell(self) -> None:
        """Says to actors that nobody searches in that there is a server yet. One that is lost is found so by
        the next search.
        """
        while not self._stopped.wait(self._wanted.forgotten / _SIGNS):
            with self._lock:
                actors = [actor for named in self._actors.values() for actor in named]
            for actor in actors:
                with suppress(self._ray.exceptions.RayError):  # as when it has been asked too much already
                    actor.stay.remote()


class _AnswerLine:
    """The connection to the process that asks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()

    def send(self, number: int, answer: object) -> None:
        with self._sending:
            self._connection.send_bytes(pickle.dumps((number, answer)))

    def serve(self, end: ClusterEnd) -> None:
        """Answers until the other end is closed, and raises EOFError then. What is told, by the number 0, is
        done in the order in which it comes, and before what is asked after it; it raises what that raises.
        """
        pool = ThreadPoolExecutor(_THREADS)
        while True:
            number, name, arguments = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - its parent's
            if number:
                pool.submit(self._answer, number, getattr(end, name), arguments)
            else:
                getattr(end, name)(*arguments)

    def _answer(self, number: int, method: Any, arguments: Sequence[Any]) -> None:
        try:
            answer = method(*arguments)
        except Exception as error:  # noqa: BLE001 - whoever asked raises it
            answer = _sendable(error)
        try:
            self.send(number, answer)
        except OSError:
            os._exit(0)  # nobody is there any more


def _sendable(error: Exception) -> Exception:
    """The same error if it can be read at the other end, else one that says what it was."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever classes of errors raise, the other end is to have an answer
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _watch(parent: int) -> None:
    """Ends this process after its parent has ended, though a child of that holds the connection open."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def main(descriptor: int, address: str) -> None:
    """Joins the cluster at an address, says so through the socket `descriptor`, or why not, and answers what
    it is asked until that is closed.
    """
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    line = _AnswerLine(Connection(descriptor))
    try:
        ray = connected(address)
    except RegardError as error:
        line.send(0, error)
        return
    for number in (
        signal.SIGTERM,
        signal.SIGINT,
    ):  # it ends when the other process does, which may answer yet
        signal.signal(number, signal.SIG_IGN)
    line.send(0, None)
    try:
        line.serve(ClusterEnd(ray))
    finally:
        # At once, though calls wait yet. Ray's raylet sees it, and drops what the cluster was doing.
        os._exit(0)
