"""The thread that keeps usage level, so that nobody who asks for it waits for the whole log."""

from __future__ import annotations

import threading
from typing import Any

import structlog

from regard.errors import ServiceError
from regard.metering.quotas import Quotas
from regard.metering.usage import UsageStore
from regard.metering.vector_counts import VectorCounts

_SECONDS = 1.0  # how far quotas may be behind; whoever asks for usage reads on to the newest record

log: Any = structlog.get_logger(__name__)


class UsageFollower:
    """Folds the log's new records, and counts the vectors once an hour. Several servers may do so at once."""

    def __init__(self, usage: UsageStore, counts: VectorCounts, quotas: Quotas) -> None:
        self._usage = usage
        self._quotas = quotas
        self._counts = counts
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_failing = False

    def keep_level(self) -> None:
        """From now on follows in a thread of its own. Quotas hold before it returns."""
        self._quotas.refresh()
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_SECONDS):
            try:
                self._usage.follow()
                self._quotas.refresh()
                self._counts.count()
                self._is_failing = False
            except Exception as error:  # noqa: BLE001 - nobody waits for this thread's result
                if not self._is_failing:  # what fails again and again is told once
                    told = log.warning if isinstance(error, ServiceError) else log.exception
                    told("usage can't follow the audit log", reason=str(error))
                self._is_failing = True
