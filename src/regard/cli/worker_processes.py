"""The workers that a server starts: processes of their own, which no work of theirs can take down with it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from regard.cli.stream_worker import attached_streams_command
from regard.cli.worker import attached_command
from regard.errors import ServiceError
from regard.measurements import Measurements
from regard.settings import Settings
from regard.streams.leases import StreamLeases
from regard.streams.worker import worker_name

_KILL_SECONDS = 5.0  # after a worker should have given its job back and ended by itself
_LONGEST_WAIT = 60.0

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeptProcess:
    """A process to keep running, which runs what `kind` says, `job` or `stream`: `command` gives the next's
    arguments, `ended` is told that it is gone. `wait` is how many seconds pass before another is started,
    more where it doesn't last.
    """

    kind: str
    command: Callable[[], Sequence[str]]
    ended: Callable[[], None]
    wait: float


class WorkerProcesses:
    """Starts `regard worker` and `regard streams` so many times as the settings say, and again when one has
    died. What a stream worker ran is free for the next at once.
    """

    def __init__(self, settings: Settings, leases: StreamLeases, measurements: Measurements) -> None:
        self._environment = {**os.environ, **settings.environment()}
        self._leases = leases
        self._died = measurements.workers_died
        self._stop_seconds = settings.stop_seconds + _KILL_SECONDS
        self._stop = threading.Event()
        jobs = [KeptProcess("job", attached_command, _nothing, 1.0) for _ in range(settings.job_workers)]
        streams = [self._stream_worker() for _ in range(settings.stream_workers)]
        self._threads = [
            threading.Thread(target=self._keep_one, args=(kept,), name=f"{kept.kind} worker", daemon=True)
            for kept in (*jobs, *streams)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def tell_to_stop(self) -> None:
        """Has each worker finish its step and leave what it runs to others."""
        self._stop.set()

    def stop(self) -> None:
        """Waits until each has ended; one that takes too long is killed, and its job goes on later."""
        self.tell_to_stop()
        for thread in self._threads:
            thread.join()

    def _stream_worker(self) -> KeptProcess:
        names: list[str] = []

        def command() -> Sequence[str]:
            names[:] = [worker_name()]
            return attached_streams_command(names[0])

        def ended() -> None:
            try:
                freed = self._leases.free(names[0])
            except ServiceError as error:  # then they lapse
                log.warning("what a stream worker ran waits", reason=error.message)
            else:
                if freed:
                    log.warning("what a stream worker ran is free for the next", streams=freed)

        return KeptProcess("stream", command, ended, 0.1)

    def _keep_one(self, kept: KeptProcess) -> None:
        wait = kept.wait
        while not self._stop.is_set():
            process = subprocess.Popen(kept.command(), stdin=subprocess.PIPE, env=self._environment)
            quick = self._watch(process)
            if self._stop.is_set():
                return
            kept.ended()
            if process.returncode:  # without an error it was told to stop, as by Ctrl-C, which all are told
                self._died.add(kept.kind)
                log.error(
                    "a worker ended; another one is started",
                    kind=kept.kind,
                    status=process.returncode,
                    seconds=wait,
                )
            self._stop.wait(wait)
            wait = min(max(wait * 2, 1.0), _LONGEST_WAIT) if quick else kept.wait

    def _watch(self, process: subprocess.Popen[bytes]) -> bool:
        """Until the process or the server ends; True where the process had not lasted for a minute."""
        lasted = 0.0
        while process.poll() is None:
            if self._stop.wait(0.2):
                self._end(process)
                break
            lasted += 0.2
        _close_input(process)
        return lasted < _LONGEST_WAIT

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Not by a signal: the terminal, or systemd, may have sent one to all, and a second ends at once."""
        _close_input(process)
        try:
            process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _close_input(process: subprocess.Popen[bytes]) -> None:
    """Tells a worker that is attached to stop."""
    if process.stdin is not None:
        process.stdin.close()


def _nothing() -> None:
    """Where nobody is to be told."""
