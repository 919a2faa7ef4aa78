"""The queue before the workers, which is as long as a server wants to make clients wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

from regard.errors import ThrottlingException


class RequestQueue:
    """Places for the requests that wait for a worker; a request that finds none is throttled."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        return self._taken

    def take(self) -> Callable[[], None]:
        """Takes a place. What comes back gives it up, once, from any thread. Raises ThrottlingException."""
        with self._lock:
            if self._taken >= self._places:
                raise ThrottlingException
            self._taken += 1
        held = [True]

        def leave() -> None:
            with self._lock:
                if held:
                    held.clear()
                    self._taken -= 1

        return leave
