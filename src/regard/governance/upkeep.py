"""What is past its time is taken away: every ten minutes, by one server at a time.

Nothing relies on it being punctual. What is past its time is not shown or used even if the upkeep is late:
each reader compares the times itself, and the upkeep only erases or closes what nobody is answered any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from regard.errors import RegardError
from regard.storage.clock import milliseconds
from regard.storage.database import Database

_SECONDS: Final = 600.0  # between two rounds
_SECONDS_AFTER_FAILURE: Final = 60.0

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """One part of the upkeep.

    `run` is given the time, in milliseconds since the epoch, and does all that is due by then. It may be run
    again at any moment, also after it was broken off, and does nothing twice. It raises what it likes.
    """

    name: str
    run: Callable[[int], object]


class Upkeep:
    """Runs tasks at its start and every ten minutes; several servers and workers may have one each."""

    def __init__(
        self,
        database: Database,
        tasks: Sequence[Task],
        *,
        seconds: float = _SECONDS,
        seconds_after_failure: float = _SECONDS_AFTER_FAILURE,
    ) -> None:
        """`seconds` lie between two rounds, `seconds_after_failure` where a task of the last one failed."""
        self._database = database
        self._tasks = tuple(tasks)
        self._seconds = seconds
        self._seconds_after_failure = seconds_after_failure
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def run_due(self) -> bool:
        """Runs every task once, and answers whether all of them succeeded: what fails is logged.

        One server at a time runs a task; a task that fails keeps no other from being run.
        """
        succeeded = [self._succeeds(task) for task in self._tasks]
        return all(succeeded)

    def keep_level(self) -> None:
        """From now on in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, after the task that it is at."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            pause = self._seconds if self.run_due() else self._seconds_after_failure

    def _succeeds(self, task: Task) -> bool:
        if self._stopped.is_set():
            return True
        try:
            with self._database.hold(f"upkeep {task.name}"):
                task.run(milliseconds())
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread's result
            told = log.error if isinstance(error, RegardError) else log.exception
            told("a task of the upkeep failed", task=task.name, reason=str(error))
            return False
        return True
