"""What the public reads of past months: counted once an hour, since each counting reads the whole log."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import select

from regard.errors import ThrottlingException
from regard.governance.reports.report import Report
from regard.storage.database import Database
from regard.storage.schema import audit

_SECONDS: Final = 3600.0
_PATIENCE: Final = 10.0  # seconds that a request waits for others


class PublishedReports:
    """The reports of one process, by month. Thread-safe; one is counted at a time.

    Strangers may ask as often as they like, and for any month: there are as many as the log has, and those
    that are older than an hour are counted anew when they are asked for. `clock` tells seconds.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[datetime, tuple[float, Report]] = {}

    def of(self, month: datetime, count: Callable[[], Report]) -> Report:
        """The report on a month, which `count` makes unless it is there.

        Raises ThrottlingException where others are being counted for longer than strangers may wait.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            raise ThrottlingException("The months are being counted; try again in a minute.")
        try:
            counted = self._counted.get(month)
            if counted is None or self._clock() - counted[0] >= _SECONDS:
                counted = self._counted[month] = self._clock(), count()
            return counted[1]
        finally:
            self._lock.release()

    def begins(self) -> str | None:
        """The month of UTC of the log's first record, as `2026-11`; None for an empty log."""
        with self._database.read() as connection:
            first = connection.execute(select(audit.c.record).order_by(audit.c.sequence).limit(1)).scalar()
        return None if first is None else str(json.loads(first)["time"])[:7]
