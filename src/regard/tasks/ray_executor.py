"""Tasks on a Ray cluster.

The cluster is a pool of hands and nothing else: which tasks there are, what they gave and how far a job is,
the worker knows that holds the job's lease. What a lost machine was doing, Ray has done again elsewhere.
"""

from __future__ import annotations

import pickle
from collections.abc import Generator, Iterable
from contextlib import suppress
from importlib.metadata import version
from typing import Any, TypeVar

import structlog

from regard.errors import InternalServerError
from regard.tasks.driver_process import DriverProcess
from regard.tasks.executor import AHEAD, JobTask, in_order
from regard.tasks.ray_driver import ClusterFailed

T = TypeVar("T")

_PATIENCE = 30.0  # seconds that a connection which was lost is waited for
_FAILING = "The machines that analyse for this worker fail. Try your call again."

log: Any = structlog.get_logger(__name__)


class RayExecutor:
    """The cores of a cluster, each of which does one task at a time."""

    grain = 8

    def __init__(self, driver: DriverProcess) -> None:
        self._driver = driver

    @property
    def slots(self) -> int:
        return int(self._asked("slots"))

    def results(self, tasks: Iterable[JobTask[T]]) -> Generator[T]:
        own, measured = version("regard"), self._driver.tasks
        under_way: dict[int, str] = {}  # kinds of tasks, by their numbers

        def begin(task: JobTask[T]) -> int:
            number, kind = self._driver.number(), kind_of(task)
            content = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
            under_way[number] = kind
            self._told("begin", number, own, content)
            measured.bytes.add(kind, "sent", count=len(content))
            return number

        def end(number: int) -> T:
            kind = under_way.pop(number)
            try:
                content = self._asked("take", number)
            except Exception:
                measured.failed.add(kind)
                raise
            given: T
            given, seconds = pickle.loads(content)  # noqa: S301 - of a machine of the cluster
            measured.done.observe(seconds, kind)
            measured.bytes.add(kind, "received", count=len(content))
            return given

        try:
            yield from in_order(tasks, begin, end, ahead=AHEAD * self.slots)
        finally:
            with suppress(ClusterFailed):  # then the tasks are lost as well
                for number in under_way:
                    self._driver.tell("drop", number)

    def _asked(self, name: str, *arguments: object) -> Any:
        try:
            return self._driver.call(name, *arguments, patience=_PATIENCE)
        except ClusterFailed as error:
            raise _failed(error) from error

    def _told(self, name: str, *arguments: object) -> None:
        try:
            self._driver.tell(name, *arguments, patience=_PATIENCE)
        except ClusterFailed as error:
            raise _failed(error) from error


def _failed(error: ClusterFailed) -> InternalServerError:
    log.warning("the Ray cluster failed a task", reason=str(error))
    return InternalServerError(_FAILING)


def kind_of(task: object) -> str:
    """What figures call a task: `stretch`, `moderation`."""
    return type(task).__name__.removesuffix("Task").lower()
