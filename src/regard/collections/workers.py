"""The threads that indexes share: a few for the scans of one search, one for upkeep."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def in_turn(step: Callable[[T], None], items: Sequence[T]) -> None:
    """Calls `step` with every item, in this thread."""
    for item in items:
        step(item)


class Workers:
    """`threads` is how many work on one search at most, the caller's own among them."""

    def __init__(self, threads: int = 2) -> None:
        self.threads = threads
        self._helpers = threads - 1
        self._scans = ThreadPoolExecutor(max(self._helpers, 1), thread_name_prefix="scan")
        self._upkeep = ThreadPoolExecutor(1, thread_name_prefix="upkeep")

    def each(self, step: Callable[[T], None], items: Sequence[T]) -> None:
        """Calls `step` with every item and returns when all are done; raises the first error of a step."""
        waiting = deque(items)

        def work() -> None:
            while True:
                try:
                    item = waiting.popleft()
                except IndexError:
                    return
                step(item)

        helpers = [self._help(work) for _ in range(min(self._helpers, len(items) - 1))]
        try:
            work()
        finally:
            # Those that other searches kept from starting are not waited for: there is nothing left to do.
            started = [helper for helper in helpers if helper is not None and not helper.cancel()]
            for helper in started:
                helper.result()

    def later(self, task: Callable[[], None]) -> None:
        """Runs a task, which catches its own errors, when those before it are done; never once closed."""
        with suppress(RuntimeError):
            self._upkeep.submit(task)

    def _help(self, work: Callable[[], None]) -> Future[None] | None:
        """None once closed: a search that has begun ends in its own thread."""
        try:
            return self._scans.submit(work)
        except RuntimeError:
            return None

    def close(self) -> None:
        """Waits for what runs; what has not begun is dropped."""
        self._upkeep.shutdown(cancel_futures=True)
        self._scans.shutdown(cancel_futures=True)
