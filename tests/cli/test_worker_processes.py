"""The workers that a server starts and keeps running."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.waiting import wait_until

from regard.cli import worker_processes
from regard.cli.worker_processes import WorkerProcesses
from regard.measurements import Measurements
from regard.settings import Settings
from regard.storage.database import Database
from regard.streams.leases import StreamLeases


@pytest.mark.parametrize(("status", "died"), [(3, 1), (0, 0)], ids=["died", "told-to-stop"])
def test_a_worker_that_died_is_counted(
    status: int, died: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def command() -> list[str]:
        started.append(status)
        ends = f"raise SystemExit({status})" if len(started) == 1 else "import time; time.sleep(60)"
        return [sys.executable, "-c", ends]

    monkeypatch.setattr(worker_processes, "attached_command", command)
    database, measured = Database.open(tmp_path), Measurements()
    settings = Settings.load({}, job_workers=1, stream_workers=0)
    workers = WorkerProcesses(settings, StreamLeases(database), measured)
    workers.start()
    try:
        wait_until(lambda: len(started) > 1)
    finally:
        workers.stop()
        database.close()
    assert measured.workers_died.read() == {("job",): died, ("stream",): 0}
