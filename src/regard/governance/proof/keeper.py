"""The thread that seals days soon after midnight, and publishes them."""

from __future__ import annotations

import threading
from typing import Any, Final

import structlog

from regard.errors import RegardError
from regard.governance.proof.publication import Publication
from regard.governance.proof.seals import Seals

_SECONDS: Final = 30.0  # between two glances at the log
_MAX_SECONDS: Final = 3600.0  # when it fails again and again

log: Any = structlog.get_logger(__name__)


class SealKeeper:
    """Seals and publishes what is due; several servers and workers may do so at once."""

    def __init__(self, seals: Seals, publication: Publication | None) -> None:
        """With no `publication`, days are sealed and published nowhere else."""
        self._seals = seals
        self._publication = publication
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def seal_due(self) -> None:
        """What is due now, once; what this call did not seal is not published by it. Raises RegardError."""
        if self._seals.seal_due() and self._publication is not None:
            self._publication.publish_due()

    def keep_level(self) -> None:
        """From now on in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="seals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            try:
                for day in self._seals.seal_due():
                    log.info("a day of the audit log is sealed", day=day.day, root=day.root)
                if self._publication is not None:
                    self._publication.publish_due()
                pause = _SECONDS
            except Exception as error:  # noqa: BLE001 - nobody waits for this thread's result
                told = log.error if isinstance(error, RegardError) else log.exception
                pause = min(max(2 * pause, _SECONDS), _MAX_SECONDS)
                told("the audit log's days wait", reason=str(error), again_in=pause)
