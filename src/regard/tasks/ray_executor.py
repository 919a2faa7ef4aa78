"""Tasks on a Ray cluster.

The cluster is a pool of hands and nothing else: which tasks there are, what they gave and how far a job is,
the worker knows that holds the job's lease. What a lost machine was doing, Ray has done again elsewhere.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from regard.errors import InternalServerError, RegardError, ServiceError
from regard.packs.manifest import PackError
from regard.tasks.executor import AHEAD, JobTask, in_order
from regard.tasks.task_node import node_here
from regard.video.reading.limits import VideoError

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")

_RETRIES = 5  # of a task whose machine or process died; a task that dies so often kills what does it
_FAILING = "The machines that analyse for this worker fail. Try your call again."

log: Any = structlog.get_logger(__name__)


class RayExecutor:
    """The cores of a cluster, each of which does one task at a time."""

    grain = 8

    def __init__(self, ray: ModuleType) -> None:
        self._ray = ray
        self._run = ray.remote(num_cpus=1, max_retries=_RETRIES)(run_here)

    @property
    def slots(self) -> int:
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def results(self, tasks: Iterable[JobTask[T]]) -> Generator[T]:
        own, open_ones = version("regard"), set[Any]()

        def begin(task: JobTask[T]) -> Any:
            reference = self._run.remote(own, task)
            open_ones.add(reference)
            return reference

        def end(reference: Any) -> T:
            try:
                given: T = self._get(reference)
                return given
            finally:
                open_ones.discard(reference)

        try:
            yield from in_order(tasks, begin, end, ahead=AHEAD * self.slots)
        finally:
            for reference in open_ones:
                self._ray.cancel(reference, force=False)

    def _get(self, reference: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, ServiceError | VideoError | PackError):
                raise cause from None  # as if it had been done here
            # RaySystemError: it can't read the task, since it has another version of Regard, or none.
            if not isinstance(cause, RegardError | errors.RayError):
                raise
            log.warning("a machine of the Ray cluster is not set up", reason=str(cause)[-400:])
            raise InternalServerError(_FAILING) from error
        except errors.RayError as error:
            log.warning("the Ray cluster failed a task", reason=type(error).__name__)
            raise InternalServerError(_FAILING) from error


def run_here(own: str, task: JobTask[T]) -> T:
    """Does a task in a process of Ray's. Raises RegardError where another version of Regard is installed."""
    here = version("regard")
    if here != own:
        raise RegardError(f"A machine of the Ray cluster has Regard {here}, and the worker {own}.")
    return task.run(node_here())
