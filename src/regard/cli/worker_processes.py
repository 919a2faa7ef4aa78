"""The workers that a server starts: processes of their own, which no work of theirs can take down with it."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import Any

import structlog

from regard.cli.worker import attached_command
from regard.settings import Settings

_STOP_SECONDS = 30.0
_LONGEST_WAIT = 60.0

log: Any = structlog.get_logger(__name__)


class WorkerProcesses:
    """Starts `regard worker` so many times as the settings say, and again when one has died."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {**os.environ, **settings.environment()}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_one, name="worker", daemon=True)
            for _ in range(settings.job_workers)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Lets each finish its step; one that takes too long is killed, and its job goes on later."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _keep_one(self) -> None:
        wait = 1.0
        while not self._stop.is_set():
            process = subprocess.Popen(attached_command(), stdin=subprocess.PIPE, env=self._environment)
            quick = self._watch(process)
            if self._stop.is_set():
                return
            if process.returncode:  # without an error it was told to stop, as by Ctrl-C, which all are told
                log.error("a worker ended; another one is started", status=process.returncode, seconds=wait)
            self._stop.wait(wait)
            wait = min(wait * 2, _LONGEST_WAIT) if quick else 1.0

    def _watch(self, process: subprocess.Popen[bytes]) -> bool:
        """Until the process or the server ends; True where the process had not lasted for a minute."""
        lasted = 0.0
        while process.poll() is None:
            if self._stop.wait(0.2):
                self._end(process)
                break
            lasted += 0.2
        if process.stdin is not None:
            process.stdin.close()
        return lasted < _LONGEST_WAIT

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
