"""A film on a Ray cluster of two cores beside two plain workers; what limits 64 machines, simulated.

    python -m bench --only ray [--videos FILE …] [--full]

Both ways analyse the film twice: two processes of one thread each, side by side, and a worker whose tasks
a cluster of two cores does. Everything is opened before anything is counted. Processor time is compared, that
of the worker and of what does tasks with that of the two. Ray's daemons, whose time grows with the clock and
not with the work, are told beside it, as is the wall clock, which says little where others want the cores.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measurement import Row, Tables
from bench.video import _made

ROOT = Path(__file__).parent.parent
ANALYSES = ("start_face_search", "start_person_tracking", "start_label_detection")
TICKS = os.sysconf("SC_CLK_TCK")
CORES = (2, 16, 64, 256, 1024)  # of a cluster; 1,024 are 64 machines of 16
WARM = "warm.mp4"  # opens the networks
FILM, NETWORK = 120, 1.25e9  # minutes; bytes a second into the driver: 10 Gbit/s


def run(chosen: argparse.Namespace) -> Tables:
    rows: list[Row] = []
    yield "ray", measured(chosen.videos, full=chosen.full, into=rows)
    yield "ray simulated", (row for one in rows for row in simulated(one))


def measured(files: Iterable[Path] | None, *, full: bool, into: list[Row]) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        film = next(iter(files or ()), None) or _made(Path(folder) / "film.mp4", 120 if full else 40)
        _made(Path(folder) / WARM, 6)
        for name in ANALYSES if full else ANALYSES[:1]:
            plain = _two_plain(name, film, Path(folder))
            row = {"analysis": name.removeprefix("start_").replace("_", " "), **_on_ray(name, film, plain)}
            into.append(row)
            yield row


def _two_plain(name: str, film: Path, folder: Path) -> dict[str, float]:
    """Two processes at a time, each of which analyses the film once."""
    command = [sys.executable, "-m", "bench.ray", "plain", name, str(film)]
    started = [
        subprocess.Popen(
            [*command, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in started:
        assert one.stdout is not None
        one.stdout.readline()  # it is ready
    begun = time.perf_counter()
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    answers = [json.loads(one.communicate()[0]) for one in started]
    wall = time.perf_counter() - begun
    return {"cpu": sum(one["cpu"] for one in answers), "wall": wall, "items": answers[0]["items"]}


def _on_ray(name: str, film: Path, plain: dict[str, float]) -> Row:
    environment = {**os.environ, "REGARD_BUCKETS": f"bench={film.parent}", "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-m", "bench.ray", "ray", name, str(film), str(film.parent)]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    on_ray = json.loads(done.stdout.splitlines()[-1])
    assert on_ray["items"] == plain["items"]
    minutes = on_ray["minutes"]
    return {
        "minutes": minutes,
        "plain CPU s": plain["cpu"],
        "worker and tasks CPU s": on_ray["driver"] + on_ray["tasks"],
        "efficiency by CPU": plain["cpu"] / (on_ray["driver"] + on_ray["tasks"]),
        "Ray's daemons CPU s a minute of clock": 60 * on_ray["daemons"] / on_ray["wall"],
        "efficiency by wall clock": plain["wall"] / on_ray["wall"],
        "driver CPU s a minute": on_ray["driver"] / 2 / minutes,
        "tasks CPU s a minute": on_ray["tasks"] / 2 / minutes,
        "kB a frame": on_ray["bytes"] / 1000 / on_ray["frames"],
        "MB a minute": on_ray["bytes"] / 1e6 / minutes,
        "read by the driver": on_ray["read_here"],
        "commit ms": 1000 * on_ray["commit"],
        "film MB a minute": film.stat().st_size / 1e6 / minutes,
    }


@dataclass(frozen=True)
class Cluster:
    """A film of `minutes` in stretches of `length` minutes; seconds of a core for a minute in a task, and of
    the driver for a minute; bytes of a minute."""

    cores: int
    minutes: float
    length: float
    task: float
    driver: float
    size: float

    def seconds(self) -> float:
        """From the first task to the last commit. Tasks are handed out in order, twice as many as there are
        cores; the driver takes one stretch after the other: it receives, observes and commits it."""
        count = max(1, round(self.minutes / self.length))
        free = [0.0] * min(self.cores, count)
        done: list[float] = []
        driver = 0.0
        ended: list[float] = []
        for number in range(count):
            window = number - 2 * self.cores
            handed = ended[window] if window >= 0 else 0.0
            begin = max(heapq.heappop(free), handed)
            done.append(begin + self.task * self.length)
            heapq.heappush(free, done[-1])
            driver = max(driver, done[-1]) + self.size * self.length / NETWORK + self.driver * self.length
            ended.append(driver)
        return driver


def simulated(row: Row) -> Iterator[Row]:
    """One film of two hours, and what a driver does at most."""
    steps = 6 * float(row["commit ms"]) / 1000  # a minute
    driver, task = float(row["driver CPU s a minute"]) + steps, float(row["tasks CPU s a minute"])
    alone = FILM * (float(row["plain CPU s"]) / 2 / float(row["minutes"]) + steps)
    for cores in CORES:
        length = min(max(-(-FILM * 6 // (4 * cores)), 1), 6) / 6
        cluster = Cluster(cores, FILM, length, task, driver, 1e6 * float(row["MB a minute"]))
        took = cluster.seconds()
        bound = FILM * driver
        yield {
            "analysis": row["analysis"],
            "cores": cores,
            "s for two hours of film": took,
            "times one core": alone / took,
            "efficiency": alone / took / cores,
            "share of the driver": bound / took,
            "MB/s from the bucket": FILM * float(row["film MB a minute"]) / took,
            "MB/s to the driver": FILM * float(row["MB a minute"]) / took,
            "drivers that fill it": max(1.0, cores * driver / (task + 1e-9)),
        }


class _Prepared:
    """A pass over the film, as a job does it, in a collection of nobody."""

    def __init__(self, name: str, film: Path, data: Path) -> None:
        from regard.app import build
        from regard.caller import LOCAL
        from regard.settings import Settings

        buckets = f"bench={film.parent}"
        self.name, self.film = name, film
        self.parts = build(Settings.load({}, data=data, buckets=buckets, workers=1))
        self.parts.gate.call("create_collection", {"CollectionId": "bench"}, LOCAL)
        where = {"S3Object": {"Bucket": "bench", "Name": film.name}}
        self.request = {"Video": where, "CollectionId": "bench", "FaceMatchThreshold": 80.0}

    def go(self, cluster: Any = None, *, film: Path | None = None) -> list[Any]:
        from regard.caller import LOCAL
        from regard.context import Context
        from regard.operations import OPERATIONS
        from regard.operations.stored_video import runs, side_by_side
        from regard.operations.subjects import resolve
        from regard.vision.findings import Pictures

        parts, operation = self.parts, OPERATIONS[self.name]
        ctx = Context(
            models=parts.models,
            stores=parts.stores,
            settings=parts.settings,
            face_models=parts.face_models,
            caller=LOCAL,
            operation=self.name,
            pictures=Pictures(parts.models),
            subject=resolve(operation.about, self.request, parts.stores, parts.settings),
            threshold=80.0,
        )
        place = side_by_side.film_place(ctx, self.request)
        requests = {self.name: (operation.analysis, ctx, self.request)}
        return [
            steps[self.name]
            for steps in runs.run_pass(requests, film or self.film, cluster=cluster, film=place)
        ]


def _plain(name: str, film: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as data:
        prepared = _Prepared(name, film, Path(data))
        prepared.go(film=folder / WARM)
        print("ready", flush=True)
        sys.stdin.readline()
        begun = time.process_time()
        steps = prepared.go()
        items = sum(len(step.items) for step in steps)
        print(json.dumps({"cpu": time.process_time() - begun, "items": items}))


def _ray(name: str, film: Path, folder: Path) -> None:
    from ray.cluster_utils import Cluster as LocalCluster

    import ray
    from regard.operations.stored_video import runs, side_by_side
    from regard.tasks.driver_process import driver_of
    from regard.tasks.ray_executor import RayExecutor

    started = LocalCluster(
        initialize_head=True,
        head_node_args={"num_cpus": 2, "include_dashboard": False, "object_store_memory": 300_000_000},
    )
    try:
        with tempfile.TemporaryDirectory(dir=folder) as data:
            connected = driver_of(started.address)
            executor = RayExecutor(connected)
            prepared = _Prepared(name, film, Path(data))
            finders: list[Any] = []
            find_on = side_by_side.find_on

            def counted(*arguments: Any) -> Any:
                finders.append(find_on(*arguments))
                return finders[-1]

            runs.find_on = counted  # type: ignore[attr-defined]
            weighed = _weighed(prepared, executor)  # each process has its networks open after it
            wall = time.perf_counter()
            driver, tasks, daemons = _spent(connected.process_id)
            for _ in range(2):
                steps = prepared.go(executor)
            driver, tasks, daemons = (
                after - before
                for after, before in zip(_spent(connected.process_id), (driver, tasks, daemons), strict=True)
            )
            answer = {
                "driver": driver,
                "tasks": tasks,
                "daemons": daemons,
                "wall": time.perf_counter() - wall,
                "items": sum(len(step.items) for step in steps),
                "read_here": finders[-1].read_here,
                "minutes": steps[-1].facts["VideoMetadata"]["DurationMillis"] / 60_000,
                "commit": _commit_seconds(prepared, steps),
                **weighed,
            }
            print(json.dumps(answer), flush=True)
    finally:
        ray.shutdown()
        started.shutdown()


def _weighed(prepared: _Prepared, executor: Any) -> dict[str, int]:
    """Bytes of what the tasks of a film give, and frames that something was found in."""

    class Weighing:
        slots = executor.slots
        size = frames = 0

        def results(self, tasks: Iterable[Any]) -> Generator[Any]:
            for given in executor.results(tasks):
                Weighing.size += len(pickle.dumps(given, 5))
                Weighing.frames += int((given.findings >= 0).sum())
                yield given

    prepared.go(Weighing())
    return {"bytes": Weighing.size, "frames": Weighing.frames}


def _commit_seconds(prepared: _Prepared, steps: list[Any]) -> float:
    """A commit of one of the steps in SQLite, on the disk of the temporary folder."""
    from regard.caller import LOCAL
    from regard.jobs.leases import JobLeases

    job = prepared.parts.gate.call(prepared.name, prepared.request, LOCAL)
    assert job["JobId"]
    leases = JobLeases(prepared.parts.stores.jobs)
    lease = leases.take("bench")
    assert lease is not None
    begun = time.perf_counter()
    for step in steps:
        leases.commit(lease, step)
    return (time.perf_counter() - begun) / len(steps)


def _spent(connected: int | None) -> tuple[float, float, float]:
    """Seconds of processor time so far: of this process and the one that is connected for it, of those below
    that do tasks, and of all others below.
    """
    parents: dict[int, list[tuple[int, float, bool]]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                does_tasks = (entry / "cmdline").read_bytes().startswith(b"ray::")
            except OSError:
                continue
            spent = sum(map(int, fields[11:13])) / TICKS
            parents.setdefault(int(fields[1]), []).append((int(entry.name), spent, does_tasks))
    driver, tasks, others, below = time.process_time(), 0.0, 0.0, [os.getpid()]
    while below:
        for child, spent, does_tasks in parents.get(below.pop(), ()):
            if child == connected:
                driver += spent
            elif does_tasks:
                tasks += spent
            else:
                others += spent
            below.append(child)
    return driver, tasks, others


if __name__ == "__main__":
    {"plain": _plain, "ray": _ray}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
