"""A real server for measurements, and its memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import Server, start_server, stop_server


@contextmanager
def running(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """`regard serve` in a process of its own, on a data folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="regard-bench-") as folder:
        server = start_server(Path(folder) / "data", *arguments, environment=environment)
        try:
            yield server
        finally:
            stop_server(server)


def memory_mb(server: Server) -> tuple[float, float]:
    """Resident memory now and at its highest, in MB, as Linux counts it."""
    return memory_of(Path(f"/proc/{server.process.pid}/status"))


def memory_of(status: Path) -> tuple[float, float]:
    """The same of a process by its status file in /proc."""
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return _mb(fields["VmRSS"]), _mb(fields["VmHWM"])


def processor_seconds(server: Server) -> float:
    """Seconds of processor time that a server and its workers have taken so far, as Linux counts them."""
    ticks, left = 0, [server.process.pid]
    while left:
        process = left.pop()
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            left += map(int, children.read_text().split())
    return ticks / os.sysconf("SC_CLK_TCK")


def _mb(field: str) -> float:
    return int(field.split()[0]) * 1024 / 1e6
