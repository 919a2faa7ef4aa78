"""The time as the database keeps it."""

from __future__ import annotations

import time
from typing import Final

CLOCK_SLACK: Final = 5_000
"""Milliseconds that the clocks of an installation's servers, and of its clients, may differ."""


def milliseconds() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def is_to_come(told: int, now: int) -> bool:
    """Whether what is said to have happened at `told` can't have: it is further ahead than clocks differ."""
    return told > now + CLOCK_SLACK
