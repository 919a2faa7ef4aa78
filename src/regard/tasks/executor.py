"""Who does tasks: the interface, and the threads of this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

from regard.tasks.task_node import TaskNode

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

AHEAD = 2
"""Tasks for each slot that are handed out before the first of them is taken."""


class JobTask(Protocol[T_co]):
    """A part of a job, as plain data that pickle takes: numbers, names of buckets and objects, what to find.

    It has no secret, and nothing that a person wrote but names of objects. Done twice it gives the same.
    """

    def run(self, node: TaskNode) -> T_co:
        """What it gives, as plain data. Raises ServiceError, and what models raise."""
        ...


class Executor(Protocol):
    """Does tasks, several at a time."""

    @property
    def slots(self) -> int:
        """How many tasks it does at a time."""
        ...

    @property
    def grain(self) -> int:
        """How many pictures a task should have, so that handing it out costs little beside doing it."""
        ...

    def results(self, tasks: Iterable[JobTask[T]]) -> Generator[T]:
        """What the tasks give, in their order. It takes tasks as it gets on, so that few results wait, and
        forgets those that aren't done when it is closed. Raises what a task raises, at its turn.
        """
        ...


class ThreadExecutor:
    """Threads of this process."""

    grain = 1

    def __init__(self, node: TaskNode, threads: int) -> None:
        self._node, self.slots = node, threads

    def results(self, tasks: Iterable[JobTask[T]]) -> Generator[T]:
        with ThreadPoolExecutor(self.slots, thread_name_prefix="tasks") as pool:
            try:
                yield from in_order(
                    tasks,
                    lambda task: pool.submit(task.run, self._node),
                    Future.result,
                    ahead=AHEAD * self.slots,
                )
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


S = TypeVar("S")
U = TypeVar("U")
V = TypeVar("V")


def in_order(
    tasks: Iterable[S], begin: Callable[[S], U], end: Callable[[U], V], *, ahead: int
) -> Generator[V]:
    """What `end` makes of what `begin` has begun, in order; `ahead` of them are under way at most."""
    under_way: deque[U] = deque()
    for task in tasks:
        under_way.append(begin(task))
        if len(under_way) >= ahead:
            yield end(under_way.popleft())
    while under_way:
        yield end(under_way.popleft())
