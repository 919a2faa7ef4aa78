"""`regard streams`: the process that runs stream processors."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from regard import logs, tracing
from regard.cli.opening import check_database
from regard.cli.stopping import stop_on_signals
from regard.cli.worker_metrics import telling
from regard.measurements import Measurements
from regard.settings import Settings
from regard.storage.folder import in_use

ATTACHED = "--attached"
NAME = "--name"


def run_stream_worker(
    data: Path | None, buckets: str | None, *, attached: bool = False, name: str | None = None
) -> None:
    """Runs stream processors until a signal ends it, or, `attached`, standard input."""
    settings = Settings.load(data=data, buckets=buckets)
    check_database(settings)
    logs.configure(settings.log)
    tracing.configure("regard-streams")
    stop = threading.Event()
    stop_on_signals(stop.set)
    if attached:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    from regard.stream_process import StreamProcess  # which loads what sees pictures

    measurements = Measurements()
    with in_use(settings.data), telling(settings, measurements, attached=attached):
        process = StreamProcess(settings, name=name, measurements=measurements)
        try:
            process.run(stop)
        finally:
            process.close()


def _stop_at_end_of_input(stop: threading.Event) -> None:
    """The server that started this holds the other end, and lets go of it however it ends."""
    while os.read(sys.stdin.fileno(), 1):  # not by its buffer, whose lock a thread may not hold at exit
        pass
    stop.set()


def attached_streams_command(name: str) -> list[str]:
    """How a server starts a stream worker that stops with it, under a name of the server's choice."""
    return [sys.executable, "-m", "regard", "streams", ATTACHED, NAME, name]
