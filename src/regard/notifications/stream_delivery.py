"""Delivers what stream processors tell, at once: somebody waits for it."""

from __future__ import annotations

import threading
from typing import Any, Final

import structlog

from regard.errors import ServiceError
from regard.notifications.delivery import Courier
from regard.resources.outbox import Outbox

_POLL_SECONDS: Final = 1.0
_COURIERS: Final = 4  # so that a receiver that hangs delays nobody else's
SUBJECT: Final = "Rekognition Stream Processing Event"

log: Any = structlog.get_logger(__name__)


class StreamDelivery:
    """Delivers each notice at least once, and tries again, ever more seldom, until its event expires."""

    def __init__(self, outbox: Outbox, courier: Courier) -> None:
        self._outbox = outbox
        self._courier = courier
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._waiting = 0
        self._threads = [
            threading.Thread(target=self._run, name="stream delivery", daemon=True) for _ in range(_COURIERS)
        ]

    def start(self) -> None:
        """Begins, in threads of its own."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There is a new notice."""
        with self._changed:
            self._waiting += 1
            self._changed.notify()

    def close(self) -> None:
        """Ends once the deliveries that are under way have."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(15)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                found = self.deliver_one()
            except ServiceError as error:
                log.warning("a notice waits", reason=error.message)
                found = False
            except Exception:
                log.exception("a notice failed")  # it is tried again; the others must not wait for it
                found = False
            if not found:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting > 0 or self._stop.is_set(), _POLL_SECONDS)
                    self._waiting = max(0, self._waiting - 1)

    def deliver_one(self) -> bool:
        """Tries the notice whose turn it is; False where there is none."""
        return self._courier.deliver(self._outbox, subject=SUBJECT)
