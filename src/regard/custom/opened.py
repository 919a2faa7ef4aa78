"""Models that a process has opened: the least used are closed where there are many."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_BYTES: Final = 256_000_000


class OpenedModels(Generic[T]):
    """Opens models by their digest, and keeps them as long as their files have `limit` bytes in all.

    `read` gives a model's file, `open_one` makes of it what answers. Thread-safe: a model is opened once, by
    whoever asks for it first, while those who ask for another don't wait.
    """

    def __init__(
        self, read: Callable[[str], bytes], open_one: Callable[[bytes], T], *, limit: int = _BYTES
    ) -> None:
        self._read = read
        self._open = open_one
        self._limit = limit
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._opening: dict[str, Future[T]] = {}

    def get(self, digest: str) -> T:
        """The model of that digest. Raises what reading and opening it raise."""
        with self._lock:
            if digest in self._opened:
                self._opened.move_to_end(digest)
                return self._opened[digest][0]
            others = self._opening.get(digest)
            mine = Future[T]()
            if others is None:
                self._opening[digest] = mine
        return self._open_for_all(digest, mine) if others is None else others.result()

    def _open_for_all(self, digest: str, opening: Future[T]) -> T:
        """Opens a model for those, too, who wait for `opening`."""
        try:
            content = self._read(digest)
            model = self._open(content)
            with self._lock:
                self._opened[digest] = model, len(content)
                self._close_unused()
        except BaseException as error:
            opening.set_exception(error)
            raise
        else:
            opening.set_result(model)
            return model
        finally:
            with self._lock:
                del self._opening[digest]

    def _close_unused(self) -> None:
        while len(self._opened) > 1 and sum(size for _, size in self._opened.values()) > self._limit:
            self._opened.popitem(last=False)
