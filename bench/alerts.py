"""Open event streams of the console: what they cost the server, and how soon an alert arrives.

A server in a process of its own has 200 browsers on `/console/alerts/stream`, each in a session of its own;
CPU time is that of all its threads. Without a stream nothing is asked of the database.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvicorn
from tests.porch import Porch

from bench.measurement import Row, Tables
from regard.app import asgi, build
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.settings import Settings

_STREAMS = 200
_TICKS = os.sysconf("SC_CLK_TCK")


def run(chosen: argparse.Namespace) -> Tables:
    seconds = 120 if chosen.full else 30
    yield "open event streams", rows(seconds)


def rows(seconds: int) -> Iterator[Row]:
    """Without a stream, with streams while nothing happens, and with an alert every five seconds."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(
            {}, data=Path(folder) / "data", kinesis_endpoint="http://127.0.0.1:9", alert_quiet=1
        )
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        here, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        server = context.Process(target=serve, args=(settings, listener, there))
        server.start()
        tokens = here.recv()
        port, pid = listener.getsockname()[1], int(server.pid or 0)
        for streams, alerts in ((0, 0), (_STREAMS, 0), (_STREAMS, seconds // 5)):
            yield asyncio.run(measured(Browsers(port, tokens[:streams]), pid, here, seconds, alerts))
        server.terminate()
        server.join()


def serve(settings: Settings, listener: socket.socket, orders: Connection) -> None:
    """The server; each order raises an alert, and is answered with when that was."""
    parts = build(settings, has_models=False)
    people, sessions, porch = People(parts.database), BrowserSessions(parts.database), Porch(parts)
    ops = (people.add(f"operator-{number}", ["operator"]) for number in range(_STREAMS))
    orders.send([sessions.open(person, Means.PASSKEY) for person in ops])
    config = uvicorn.Config(asgi(parts), log_level="warning", access_log=False)

    async def both() -> None:
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        number = 0
        while not serving.done():
            await asyncio.sleep(0.1)
            if orders.poll():
                orders.recv()
                number += 1
                porch.lease = next(iter(porch.leases.take("w", 1)), porch.lease)  # it lapses after 15 s
                porch.saw(f"face/f-{number}")
                orders.send(time.monotonic())

    asyncio.run(both())


@dataclass
class Browsers:
    """Connections that read a stream each. `arrivals` are when they heard of an alert."""

    port: int
    tokens: list[str]

    def __post_init__(self) -> None:
        self.arrivals: list[float] = []
        self.writers: list[Any] = []
        self.reading: list[Any] = []

    async def open(self) -> None:
        for token in self.tokens:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(
                f"GET /console/alerts/stream HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
                f"Cookie: regard={token}\r\n\r\n".encode()
            )
            status = await reader.readline()
            if b" 200 " not in status:
                raise SystemExit(f"no stream: {status!r}")
            self.writers.append(writer)
            self.reading.append(asyncio.create_task(self._read(reader)))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b"event: alert"):
                self.arrivals.append(time.monotonic())

    async def close(self) -> None:
        for writer in self.writers:
            writer.close()
        await asyncio.gather(*self.reading, return_exceptions=True)


async def measured(browsers: Browsers, pid: int, orders: Any, seconds: int, alerts: int) -> Row:
    """CPU in per cent of a core over so many seconds, and how late an alert arrives."""
    await browsers.open()
    await asyncio.sleep(3)
    before, began, lateness = cpu(pid), time.monotonic(), []
    for _ in range(alerts or 1):
        heard = len(browsers.arrivals)
        if alerts:
            orders.send("alert")
            raised = await asyncio.to_thread(orders.recv)
        await asyncio.sleep(seconds / (alerts or 1))
        if alerts:
            lateness += [arrived - raised for arrived in browsers.arrivals[heard:]]
    share = (cpu(pid) - before) / (time.monotonic() - began)
    await browsers.close()
    row: Row = {"streams": len(browsers.tokens), "alerts": alerts, "% of a core": round(share * 100, 2)}
    if lateness:
        row["heard of by"] = round(len(lateness) / alerts, 1)
        row["seconds, median"] = round(statistics.median(lateness), 2)
        row["seconds, latest"] = round(max(lateness), 2)
    return row


def cpu(pid: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
