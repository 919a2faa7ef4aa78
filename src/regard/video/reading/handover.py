"""Work in a thread of its own, handed over through a queue that holds only so much."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Handover(Generic[T]):
    """Iterates over what `produce` yields, which runs in a thread of its own, at most `ahead` items ahead.

    An exception in `produce` is raised where its item would have come. `close`, from any thread, stops
    the producer at its next item, runs its clean-up and waits for it.
    """

    def __init__(self, produce: Callable[[], Generator[T, None, None]], *, ahead: int, name: str) -> None:
        self._produce = produce
        self._ahead = ahead
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = self._done = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._done or self._closed)
            if self._items and not self._closed:
                self._changed.notify_all()
                return self._items.popleft()
            failure, self._failure = self._failure, None
        if failure is not None and not self._closed:
            raise failure
        raise StopIteration

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:  # which may be collecting garbage
            self._thread.join()

    def _run(self) -> None:
        items = self._produce()
        try:
            for item in items:
                if not self._put(item):
                    break
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits for the item
            self._failure = error
        finally:
            items.close()
            with self._changed:
                self._done = True
                self._changed.notify_all()

    def _put(self, item: T) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) < self._ahead or self._closed)
            if self._closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True
