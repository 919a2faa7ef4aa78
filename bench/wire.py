"""Wire and gate of a request beside those of another build, in turns.

`--against CHECKOUT` names the other build: `git worktree add CHECKOUT COMMIT` makes it. Each answers in a
process of its own, without sockets: an ASGI message goes in and the answer comes out, the signature verified
and the audit record on disk. The two take turns, a batch each, so that what else the machine does falls on
both; a ratio is that of two neighbouring batches. CPU time is of all threads of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests.conftest import start_server, stop_server

from bench.measurement import Row, Tables
from bench.wire_worker import REQUESTS

HERE = Path(__file__).parent.parent
_BATCH = 25  # requests; some 30 ms

Taken = dict[str, float]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--against", type=Path, help="a checkout of another commit")


def run(chosen: argparse.Namespace) -> Tables:
    pairs, starts = (400, 15) if chosen.full else (100, 5)
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(worker(build)) for build in (HERE, chosen.against))
        yield (
            "a request",
            (row(name, partial(ours, name), partial(theirs, name), pairs, _BATCH) for name in REQUESTS),
        )
    healthy = row("start to healthy", partial(start, HERE), partial(start, chosen.against), starts)
    yield "the server", [healthy]


def row(name: str, ours: Callable[[], Taken], theirs: Callable[[], Taken], pairs: int, batch: int = 1) -> Row:
    """Medians in ms, of one of `batch`; the median ratio of the pairs, with its quartiles."""
    ours(), theirs()  # what is made once
    taken = []
    for number in range(pairs):
        if number % 2:
            taken.append((ours(), theirs()))
        else:
            other = theirs()
            taken.append((ours(), other))
    facts: Row = {"what": name, "pairs": pairs}
    for clock in ("wall", "CPU"):
        one, two = ([pair[side][clock] * 1000 / batch for pair in taken] for side in (0, 1))
        low, ratio, high = statistics.quantiles((a / b for a, b in zip(one, two, strict=True)), n=4)
        facts |= {f"{clock} ms": statistics.median(one), f"{clock} ms, other": statistics.median(two)}
        facts[f"{clock} ratio"] = f"{ratio:.3f} ({low:.3f}–{high:.3f})"
    return facts


@contextmanager
def worker(build: Path) -> Iterator[Callable[[str], Taken]]:
    """A build that answers a batch of the named request, and tells how long it took, in seconds."""
    with tempfile.TemporaryDirectory(prefix="regard-bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("wire_worker.py")), folder, str(_BATCH)],
            env={**os.environ, "PYTHONPATH": str(build.resolve() / "src")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        orders, answers = process.stdin, process.stdout

        def answer(name: str) -> Taken:
            print(name, file=orders, flush=True)
            taken: Taken = json.loads(answers.readline())
            return taken

        try:
            yield answer
        finally:
            orders.close()
            process.wait()


def start(build: Path) -> Taken:
    """How long `regard serve` takes on an empty folder until it says that it is healthy, in seconds."""
    with tempfile.TemporaryDirectory(prefix="regard-bench-") as folder:
        started = time.perf_counter()
        environment = {"PYTHONPATH": str(build.resolve() / "src")}
        server = start_server(Path(folder) / "data", environment=environment)
        taken = time.perf_counter() - started
        used = cpu_seconds(server.process.pid)
        stop_server(server)
    return {"wall": taken, "CPU": used}


def cpu_seconds(pid: int) -> float:
    """What a process has used of the processors, as Linux counts it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
