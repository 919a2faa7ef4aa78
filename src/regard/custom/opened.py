"""Models that a process has opened: the least used are closed where there are many."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_BYTES: Final = 256_000_000


class OpenedModels(Generic[T]):
    """Opens models by their digest, and keeps them as long as their files have `limit` bytes in all.

    `read` gives a model's file, `open_one` makes of it what answers. Thread-safe: a model is opened once.
    """

    def __init__(
        self, read: Callable[[str], bytes], open_one: Callable[[bytes], T], *, limit: int = _BYTES
    ) -> None:
        self._read = read
        self._open = open_one
        self._limit = limit
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, tuple[T, int]] = OrderedDict()

    def get(self, digest: str) -> T:
        """The model of that digest. Raises what reading and opening it raise."""
        with self._lock:
            if digest not in self._opened:
                content = self._read(digest)
                self._opened[digest] = self._open(content), len(content)
            self._opened.move_to_end(digest)
            self._close_unused()
            return self._opened[digest][0]

    def _close_unused(self) -> None:
        while len(self._opened) > 1 and sum(size for _, size in self._opened.values()) > self._limit:
            self._opened.popitem(last=False)
