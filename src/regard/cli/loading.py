"""How the server tells that a large index is being loaded: a bar on a terminal, lines in a log."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass

import structlog
from rich.progress import Progress, TaskID

from regard.cli.progress import bar
from regard.presentation.wording import printable

_log = structlog.get_logger()
_SECONDS = 10.0  # between two lines of a log


@dataclass(slots=True)
class _Load:
    """One index: when and with how many vectors it began, and when it was last told of."""

    task: TaskID | None
    began: float
    first: int
    told: float


class Loading:
    """Takes the reports of `regard.collections.following`. Thread-safe."""

    def __init__(self) -> None:
        self._bar: Progress | None = bar(hidden=False) if sys.stderr.isatty() else None
        self._lock = threading.Lock()
        self._loads: dict[str, _Load] = {}

    def report(self, collection: str, done: int, total: int) -> None:
        """A report with `done` at `total` is the last one of its index."""
        with self._lock:
            now = time.monotonic()
            load = self._loads.get(collection)
            if load is None:
                load = self._loads[collection] = self._begin(collection, done, total, now)
            rate = (done - load.first) / max(now - load.began, 1e-3)
            if self._bar is not None and load.task is not None:
                self._bar.update(load.task, completed=done, total=total, rate=f"{rate:,.0f}/s")
            elif now - load.told >= _SECONDS and done < total:
                load.told = now
                _log.info("loading index", collection=collection, done=done, total=total, rate=round(rate))
            if done >= total:
                self._end(collection, load)

    def _begin(self, collection: str, done: int, total: int, now: float) -> _Load:
        task = None
        if self._bar is not None:
            if not self._loads:
                self._bar.start()
            name = f"Loading the index of {printable(collection)}"
            task = self._bar.add_task(name, completed=done, total=total, rate="")
        return _Load(task, now, done, now)

    def _end(self, collection: str, load: _Load) -> None:
        del self._loads[collection]
        if self._bar is not None and load.task is not None:
            self._bar.remove_task(load.task)
            if not self._loads:
                self._bar.stop()
