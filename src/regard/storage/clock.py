"""The time as the database keeps it."""

from __future__ import annotations

import time


def milliseconds() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
