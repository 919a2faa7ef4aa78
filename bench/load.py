"""The service under load: requests/s beside the same work without a server, waiting, overload, memory.

Clients are a process of their own (`bench/load_clients.py`) whose requests are signed beforehand; the same
requests through the gate alone, in as many threads as the server has workers, are another
(`bench/load_worker.py`). The two take turns, so that what else the machine does falls on both; a ratio is
that of two neighbouring turns. Waiting is measured with requests that come at random (Poisson) at 80 % of
what the server was just found to do, and beside a queue that costs nothing, simulated over such arrivals.
`--requests N` follows the server's memory over N requests. Pictures are of 640 × 480 with two faces, unless
`--photos` has others, on each of which there must be a face.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests import scenes
from tests.conftest import Server

from bench.load_clients import Closed, Open
from bench.load_messages import COLLECTION, OPERATIONS
from bench.measurement import Row, Tables
from bench.photos import photos
from bench.server import memory_mb, processor_seconds, running

_SHARE = 0.8  # of what the server can do, at which waiting is measured
_MORE = 2.0  # times what it can do, at which requests are refused
_PICTURES = 24
_REFUSALS = 500
_SHORT_QUEUE = 16  # of the server that is asked too much

Ask = Callable[[Mapping[str, Any]], dict[str, Any]]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--operations", nargs="+", choices=OPERATIONS, default=list(OPERATIONS))
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64], help="how many ask at a time")
    parser.add_argument("--rounds", type=int, default=3, help="turns of server and of the work alone")
    parser.add_argument("--batch", type=int, default=48, help="requests in a turn; at least two a client")
    parser.add_argument("--arrivals", type=int, default=200, help="requests that come at random")
    parser.add_argument("--requests", type=int, default=0, help="requests over which memory is followed")


def run(chosen: argparse.Namespace) -> Tables:
    with tempfile.TemporaryDirectory(prefix="regard-bench-") as folder:
        pictures = Path(folder) / "pictures"
        pictures.mkdir()
        for number, picture in enumerate(_pictures(chosen.photos)):
            (pictures / f"{number:02}.jpg").write_bytes(picture)
        yield from _tables(chosen, Path(folder), pictures)


def _tables(chosen: argparse.Namespace, folder: Path, pictures: Path) -> Tables:
    with _process("load_worker.py", str(folder / "alone"), str(pictures)) as alone:
        with running() as server, _clients(server, pictures) as asked:
            measured = _Measured(server, asked, alone)
            if chosen.rounds:
                yield (
                    "requests/s",
                    (
                        measured.throughput(operation, clients, chosen.rounds, chosen.batch)
                        for operation in chosen.operations
                        for clients in chosen.clients
                    ),
                )
            if chosen.arrivals:
                waits = (measured.waiting(operation, chosen.arrivals) for operation in chosen.operations)
                yield f"waiting at {_SHARE:.0%}", waits
            if chosen.requests:
                yield "memory", measured.memory(chosen.operations, chosen.requests, max(chosen.clients))
        if chosen.arrivals:
            short = {"REGARD_QUEUE": str(_SHORT_QUEUE)}
            with running(environment=short) as server, _clients(server, pictures) as asked:
                measured = _Measured(server, asked, alone)
                row = measured.overload(chosen.operations[0], chosen.arrivals)
                yield f"asked for {_MORE:g} times as much, {_SHORT_QUEUE} places", [row]


@dataclass(frozen=True, slots=True)
class _Measured:
    """A server, clients that ask it, and the same work without it."""

    server: Server
    asked: Ask
    alone: Ask

    def throughput(self, operation: str, clients: int, rounds: int, batch: int) -> Row:
        """Medians of the turns; quartiles in brackets."""
        requests = max(batch, 2 * clients)
        threads = min(clients, workers())
        order = {"operation": operation, "requests": requests, "threads": threads}
        self.asked(asdict(Closed(operation, threads, threads)))  # opens the models
        self.alone(order | {"requests": threads})
        rates, bare, cpu, bare_cpu, took = [], [], [], [], []
        for _ in range(rounds):
            own = self.alone(order)
            bare.append(requests / own["seconds"])
            bare_cpu.append(own["CPU"] * 1000 / requests)
            used = processor_seconds(self.server)
            answers = self._answered(Closed(operation, requests, clients))
            cpu.append((processor_seconds(self.server) - used) * 1000 / requests)
            rates.append(requests / answers["seconds"])
            took += answers["answered"]
        return {
            "operation": operation,
            "clients": clients,
            "requests": rounds * requests,
            "requests/s": statistics.median(rates),
            "alone": statistics.median(bare),
            "of it": _spread([one / other for one, other in zip(rates, bare, strict=True)]),
            "CPU ms": statistics.median(cpu),
            "CPU ms, alone": statistics.median(bare_cpu),
            "p50 ms": _percentile(took, 50),
            "p95 ms": _percentile(took, 95),
        }

    def waiting(self, operation: str, arrivals: int) -> Row:
        """Requests at random moments, at a share of what so many clients as workers were just answered."""
        order = Closed(operation, max(arrivals // 4, 4 * workers()), workers())
        answers = self._answered(order)
        rate = _SHARE * order.requests / answers["seconds"]
        took = self._answered(Open(operation, arrivals, rate))["answered"]
        middle, late = _percentile(took, 50), _percentile(took, 95)
        ideal = simulated(rate, arrivals, answers["answered"])
        return {
            "operation": operation,
            "requests": arrivals,
            "requests/s": rate,
            "p50 ms": middle,
            "p95 ms": late,
            "p95 / p50": late / middle,
            "p95 / p50, ideal queue": _percentile(ideal, 95) / _percentile(ideal, 50),
        }

    def overload(self, operation: str, arrivals: int) -> Row:
        """What is still answered when more is asked for than can be, and what a refusal costs."""
        full = Closed(operation, max(arrivals // 4, 4 * workers()), workers())
        capacity = full.requests / self._answered(full)["seconds"]
        answers = self.asked(asdict(Open(operation, arrivals, _MORE * capacity)))
        refused = answers["refused"]
        row: Row = {
            "operation": operation,
            "asked for": arrivals,
            "answered": len(answers["answered"]),
            "refused": len(refused),
            "failed": sum(answers["errors"].values()),
            "answered/s, of what it can do": len(answers["answered"]) / answers["seconds"] / capacity,
            "p95 ms, answered": _percentile(answers["answered"], 95),
        }
        if refused:
            row["p50 ms, refused"] = _percentile(refused, 50)
            row["p95 ms, refused"] = _percentile(refused, 95)
        row["CPU ms, refused"] = self.alone({"refused": _REFUSALS})["CPU"] * 1000 / _REFUSALS
        return row

    def memory(self, operations: Sequence[str], requests: int, clients: int) -> Iterator[Row]:
        """A row for each part of the requests."""
        step = max(len(operations), requests // 20)
        now, most = memory_mb(self.server)
        yield {"requests": 0, "resident MB": now, "at most": most, "requests/s": ""}
        done = 0
        while done < requests:
            seconds = 0.0
            for operation in operations:
                order = Closed(operation, step // len(operations), clients)
                seconds += self._answered(order)["seconds"]
                done += order.requests
            now, most = memory_mb(self.server)
            yield {"requests": done, "resident MB": now, "at most": most, "requests/s": step / seconds}

    def _answered(self, order: Closed | Open) -> dict[str, Any]:
        """Raises AssertionError where anything was refused or failed."""
        answers = self.asked(asdict(order))
        assert not answers["refused"], f"{len(answers['refused'])} requests were refused"
        assert not answers["errors"], answers["errors"]
        return answers


def _pictures(folder: Path | None) -> list[bytes]:
    if folder is not None:
        return [photo.path.read_bytes() for photo in photos(folder, count=_PICTURES)]
    made = (scenes.group([150 + 6 * n, 140], width=640, height=480, seed=n) for n in range(_PICTURES))
    return [scenes.jpeg(picture) for picture, _ in made]


def workers() -> int:
    """How many requests a server works on at a time by default."""
    return len(os.sched_getaffinity(0))


def simulated(rate: float, arrivals: int, service: Sequence[float]) -> list[float]:
    """How long requests would take in a queue that costs nothing, in seconds: Poisson arrivals, as many ideal
    servers as there are workers, each of which takes as long as those that were measured without waiting."""
    random_numbers = random.Random(7)
    free, now, took = [0.0] * workers(), 0.0, []
    for _ in range(max(arrivals, 20_000)):
        now += random_numbers.expovariate(rate)
        begins = max(now, heapq.heappop(free))
        ends = begins + random_numbers.choice(service)
        heapq.heappush(free, ends)
        took.append(ends - now)
    return took


def _percentile(seconds: Sequence[float], percent: int) -> float:
    """In ms."""
    return statistics.quantiles(seconds, n=100)[percent - 1] * 1000 if len(seconds) > 1 else 1000 * seconds[0]


def _spread(ratios: Sequence[float]) -> str:
    if len(ratios) < 2:
        return f"{ratios[0]:.2f}"
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


@contextmanager
def _clients(server: Server, pictures: Path) -> Iterator[Ask]:
    client = server.client()
    client.create_collection(CollectionId=COLLECTION)
    address = server.endpoint.removeprefix("http://")
    with _process("load_clients.py", address, server.key_id, server.secret, str(pictures)) as ask:
        yield ask


@contextmanager
def _process(script: str, *arguments: str) -> Iterator[Ask]:
    """A script of this package that answers orders, JSON by lines."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"bench.{script.removesuffix('.py')}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    orders, answers = process.stdin, process.stdout

    def ask(order: Mapping[str, Any]) -> dict[str, Any]:
        print(json.dumps(order), file=orders, flush=True)
        answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    try:
        yield ask
    finally:
        orders.close()
        process.wait()
