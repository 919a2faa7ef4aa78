"""What anybody reads, unsigned: counted by the hour, since with a record for each strangers could
fill the log.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from regard.governance.audit import AuditLog


def _now() -> datetime:
    return datetime.now(UTC)


class PublicReads:
    """Counts of one process, which leave a record an hour at most. Thread-safe."""

    def __init__(self, log: AuditLog, *, clock: Callable[[], datetime] = _now) -> None:
        self._log = log
        self._clock = clock
        self._lock = threading.Lock()
        self._hour = ""
        self._counts: Counter[str] = Counter()

    def count(self, operation: str) -> None:
        """One more; the first of an hour writes down what came in the hour before that had any."""
        hour = self._clock().strftime("%Y-%m-%dT%H")
        with self._lock:
            past, counts = self._hour, self._counts
            if hour != past:
                self._hour, self._counts = hour, Counter()
            self._counts[operation] += 1
        if hour != past:
            self._write(past, counts)

    def close(self) -> None:
        """Writes down what is left. Raises what `AuditLog.append` raises."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        self._write(self._hour, counts)

    def _write(self, hour: str, counts: Counter[str]) -> None:
        if counts:
            self._log.append_command("public reads", hour, counts=dict(sorted(counts.items())))
