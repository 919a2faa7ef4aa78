"""How a process that serves or works is told to stop: the first signal asks, a second one ends it at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any, Final

import structlog

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

log: Any = structlog.get_logger(__name__)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """SIGTERM and Ctrl-C call `stop`, in the handler; whichever comes second ends the process at once.

    Only the main thread may call it.
    """
    told: list[int] = []

    def handle(number: int, _frame: object) -> None:
        if told:
            end_at_once(number)
        told.append(number)
        stop()

    for number in SIGNALS:
        signal.signal(number, handle)


def end_at_next_signal() -> None:
    """For the rest of the process's life: it has been told to stop already."""
    for number in SIGNALS:
        signal.signal(number, lambda told, _frame: end_at_once(told))


def end_at_once(number: int) -> None:
    """Ends the process as the signal itself would. What was answered is on disk; what is under way is undone
    by whoever comes next, as after any crash.
    """
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def end_after(seconds: float, give_up: Callable[[], None], status: int) -> threading.Timer:
    """Ends the process with `status` in so many seconds, unless the timer is cancelled or the process has
    ended by then; `give_up` is called before, and nothing that it raises keeps the process.
    """

    def end() -> None:
        try:
            give_up()
        except Exception:
            log.exception("what was under way could not be given up in order")
        finally:
            os._exit(status)

    timer = threading.Timer(max(0.0, seconds), end)
    timer.daemon = True
    timer.start()
    return timer
