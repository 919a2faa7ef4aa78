"""What anybody reads, unsigned: counted by the hour, since with a record for each strangers could
fill the log.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
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
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by hour

    def count(self, operation: str) -> None:
        """One more; the first of an hour writes down what came in the hours before it. Raises what
        `AuditLog.append` raises; what couldn't be written is kept until it can.
        """
        hour = self._clock().strftime("%Y-%m-%dT%H")
        with self._lock:
            self._counts[hour][operation] += 1
            over = [one for one in self._counts if one != hour]
        self._write(over)

    def close(self) -> None:
        """Writes down what is left. Raises what `AuditLog.append` raises."""
        with self._lock:
            left = list(self._counts)
        self._write(left)

    def _write(self, hours: Sequence[str]) -> None:
        for hour in sorted(hours):
            with self._lock:
                counts = self._counts.pop(hour, None)  # None: another thread is at it
            if counts is None:
                continue
            try:
                self._log.append_command("public reads", hour, counts=dict(sorted(counts.items())))
            except Exception:
                with self._lock:
                    self._counts[hour].update(counts)
                raise
