"""A service that fails again and again is left alone for a while."""

from __future__ import annotations

import threading
import time
from typing import Final

_FAILURES: Final = 5
_REST: Final = 60.0  # seconds


class ShadowBreaker:
    """Opens after some failures in a row; then one request at a time tries again. Threads may share it."""

    def __init__(self, *, failures: int = _FAILURES, rest: float = _REST) -> None:
        """`failures` in a row open it for `rest` seconds."""
        self._limit = failures
        self._rest = rest
        self._failures = 0
        self._closed_again = 0.0
        self._lock = threading.Lock()

    def allows(self) -> bool:
        """Whether the service may be asked; who asks says with `note` how it went."""
        with self._lock:
            if self._failures < self._limit:
                return True
            now = time.monotonic()
            if now < self._closed_again:
                return False
            self._closed_again = now + self._rest  # for all others but this one
            return True

    def note(self, *, failed: bool) -> None:
        """Counts a request that failed, or begins anew."""
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= self._limit:
                self._closed_again = time.monotonic() + self._rest
