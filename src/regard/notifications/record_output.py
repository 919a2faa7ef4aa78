"""Records on their way: gathered for a quarter of a second, and kept for a minute while nobody takes them."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import structlog

from regard.notifications.record_sinks import OutputGone, RecordSink
from regard.notifications.webhook import DeliveryFailed

_GATHER = 0.25  # seconds between two requests
_PATIENCE = 60.0  # seconds for which a record waits
_LONGEST_WAIT = 8.0  # seconds between two tries

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutputState:
    """How an output stands. `sent` and `dropped` count records; `failure` is why the last try failed, None
    since one didn't; `is_gone`: nothing more is tried, for that reason.
    """

    sent: int
    dropped: int
    waiting: int
    failure: str | None
    is_gone: bool


class RecordOutput:
    """Sends the records of one processor, in order, by a thread of its own, so that nobody waits for them.

    A record that nobody takes for a minute is dropped, and counted.
    """

    def __init__(
        self, sink: RecordSink, *, name: str, gather: float = _GATHER, patience: float = _PATIENCE
    ) -> None:
        self._sink = sink
        self._gather = gather
        self._patience = patience
        self._queue: deque[tuple[float, str]] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._sent = self._dropped = 0
        self._failure: str | None = None
        self._gone = False
        self._thread = threading.Thread(target=self._run, name=f"output {name}", daemon=True)
        self._thread.start()

    def put(self, record: str) -> None:
        """Has a record sent; returns at once."""
        with self._changed:
            if self._gone:
                self._dropped += 1
                return
            self._queue.append((time.monotonic(), record))
            self._drop_old()
            self._changed.notify_all()

    @property
    def state(self) -> OutputState:
        """How it stands now."""
        with self._changed:
            return OutputState(self._sent, self._dropped, len(self._queue), self._failure, self._gone)

    @property
    def dropped(self) -> int:
        """How many records were dropped."""
        return self.state.dropped

    @property
    def failure(self) -> str | None:
        """Why the last try failed, None since one didn't."""
        return self.state.failure

    @property
    def is_gone(self) -> bool:
        """Whether nothing more is tried."""
        return self.state.is_gone

    def close(self, seconds: float = 2.0) -> None:
        """Sends what waits, for so many seconds at most, and ends."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(seconds)
        self._sink.close()

    def _run(self) -> None:
        wait, last = 0.0, 0.0
        while self._await(max(wait, self._gather - (time.monotonic() - last)), is_retry=wait > 0):
            with self._changed:
                self._drop_old()
                batch = list(self._queue)
                self._queue.clear()
            last = time.monotonic()
            taken = not batch or self._send(batch)
            wait = 0.0 if taken else min(max(2 * wait, 0.5), _LONGEST_WAIT)
            if self._gone or (self._stopping and not taken):
                return

    def _await(self, pause: float, *, is_retry: bool) -> bool:
        """Waits for a record, and for `pause` seconds more; False when there is nothing left to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._queue)
            if not self._queue:
                return False
            if not self._stopping and pause > 0:
                self._changed.wait_for(lambda: self._stopping, pause)
            return not (self._stopping and is_retry)

    def _send(self, batch: list[tuple[float, str]]) -> bool:
        """Tries once; whether there was no failure."""
        failure, left = None, batch
        try:
            times = {record: then for then, record in batch}
            left = [(times[one], one) for one in self._sink.put([record for _, record in batch])]
        except DeliveryFailed as failed:
            failure = str(failed)
        except OutputGone as gone:
            failure, left, self._gone = str(gone), [], True
        except Exception:
            log.exception("an output failed")
            failure = "it failed in a way that is Regard's fault; its log says how"
        with self._changed:
            self._queue.extendleft(reversed(left))
            if self._gone:
                self._dropped += len(batch)
            else:
                self._sent += len(batch) - len(left)
            self._failure = failure
        return failure is None

    def _drop_old(self) -> None:
        oldest = time.monotonic() - self._patience
        while self._queue and self._queue[0][0] < oldest:
            self._queue.popleft()
            self._dropped += 1
