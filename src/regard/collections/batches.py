"""Work that is done for all who wait together, where together it costs less than one after another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Queued(Generic[Item, Result]):
    """One who waits. `told` brings the result, or None for whoever is to do the next batch."""

    item: Item
    told: Future[Result | None] = field(default_factory=Future)


class Batches(Generic[Item, Result]):
    """Calls `work` with the items of whoever waits, one batch at a time. Thread-safe.

    Nobody waits for company: a lone caller's item is worked on at once, in its own thread. What comes
    meanwhile is the next batch, done in the thread of the first that waited for it.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], largest: int) -> None:
        """`work` answers a result for each item; a batch has at most `largest`."""
        self._work = work
        self._largest = largest
        self._lock = threading.Lock()
        self._waiting: deque[_Queued[Item, Result]] = deque()
        self._working = False

    def __call__(self, item: Item) -> Result:
        """The result for one item. Raises what `work` raised for its batch."""
        own = _Queued[Item, Result](item)
        with self._lock:
            leads = not self._working
            self._working = True
            self._waiting.append(own)
        if not leads:
            result = own.told.result()
            if result is not None:
                return result
        return self._lead()

    def _lead(self) -> Result:
        """Does a batch, the caller's item its first, and lets the next in line do the one after."""
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(self._largest, len(self._waiting)))]
        try:
            results = self._work([one.item for one in batch])
        except BaseException as error:
            for other in batch[1:]:
                other.told.set_exception(error)
            raise
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._working = following is not None
            if following is not None:
                following.told.set_result(None)
        for other, result in zip(batch[1:], results[1:], strict=True):
            other.told.set_result(result)
        return results[0]
