"""Waiting for what other threads and processes do, also on a machine whose cores are busy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 120.0
"""Seconds after which a test gives up waiting for what takes a few on an idle machine."""


def wait_until(condition: Callable[[], object], *, seconds: float = PATIENCE, pause: float = 0.02) -> None:
    """Returns once `condition()` is true. Raises AssertionError where it isn't in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it is not so after {seconds:g} s"
        time.sleep(pause)
