"""What a process measures of itself while it works, for whoever reads its figures. Thread-safe.

Nothing here knows who reads: an observation is an addition under a lock, some two microseconds.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

ANSWERS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
"""Bounds of seconds for requests: most take 10 ms to 2 s, measured (docs/speed.md)."""
PARTS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56)
"""For what a request is made of: one run of a network, one picture decoded, one index searched."""

STEPS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""For steps of jobs: a picture of a manifest, a stretch of a film."""

_RUN: Final = (("job",), ("stream",))  # what workers run


@dataclass(frozen=True, slots=True)
class Timing:
    """What one combination of labels came to: `counts` by bound, not cumulated, the last beyond all."""

    counts: Sequence[int]
    total: float


class Timings:
    """How long something took, by labels and counted by bounds of seconds."""

    def __init__(self, bounds: Sequence[float] = PARTS) -> None:
        self.bounds = tuple(bounds)
        self._kept: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}
        self._lock = threading.Lock()

    def observe(self, seconds: float, *labels: str) -> None:
        """Adds one. Labels are few and fixed: no ids, no names of people."""
        at = bisect.bisect_left(self.bounds, seconds)
        with self._lock:
            kept = self._kept.get(labels)
            if kept is None:
                kept = self._kept[labels] = [0] * (len(self.bounds) + 1), [0.0]
            kept[0][at] += 1
            kept[1][0] += seconds

    @contextmanager
    def measure(self, *labels: str) -> Iterator[None]:
        """Adds how long the body takes, unless it raises."""
        began = perf_counter()
        yield
        self.observe(perf_counter() - began, *labels)

    def read(self) -> Mapping[tuple[str, ...], Timing]:
        """All of them, as of now."""
        with self._lock:
            return {labels: Timing(tuple(counts), total[0]) for labels, (counts, total) in self._kept.items()}


class Occurrences:
    """How often something happened, by labels. `known` are labels that count 0 before anything happens: by a
    series that begins with its first occurrence Prometheus sees no increase.
    """

    def __init__(self, known: Sequence[tuple[str, ...]] = ()) -> None:
        self._kept = dict.fromkeys(known, 0)
        self._lock = threading.Lock()

    def add(self, *labels: str, count: int = 1) -> None:
        """Adds `count`. Labels are few and fixed, as those of `Timings`."""
        with self._lock:
            self._kept[labels] = self._kept.get(labels, 0) + count

    def read(self) -> Mapping[tuple[str, ...], int]:
        """All of them, as of now."""
        with self._lock:
            return dict(self._kept)


@dataclass(frozen=True, slots=True)
class TaskMeasurements:
    """Of tasks that the machines of a cluster did for this process, by kind of task: how long each took,
    how many `failed`, and `bytes` by way, the second label, `sent` or `received`.
    """

    done: Timings = field(default_factory=lambda: Timings(STEPS))
    failed: Occurrences = field(default_factory=Occurrences)
    bytes: Occurrences = field(default_factory=Occurrences)


@dataclass(frozen=True, slots=True)
class Measurements:
    """Of one process. `answers` are by operation and outcome, `networks` by the network that ran. Of workers:
    `steps` of jobs by operation, `leases_lost` and `leases_taken_over` by what was run, `samples` of streams
    by kind of processor and by whether networks saw them, `tasks` that a cluster did. Of a server:
    `workers_died`, which it had started, by what they ran.
    """

    answers: Timings = field(default_factory=lambda: Timings(ANSWERS))
    networks: Timings = field(default_factory=Timings)
    pictures: Timings = field(default_factory=Timings)
    searches: Timings = field(default_factory=Timings)
    steps: Timings = field(default_factory=lambda: Timings(STEPS))
    leases_lost: Occurrences = field(default_factory=lambda: Occurrences(_RUN))
    leases_taken_over: Occurrences = field(default_factory=lambda: Occurrences(_RUN))
    workers_died: Occurrences = field(default_factory=lambda: Occurrences(_RUN))
    samples: Occurrences = field(default_factory=Occurrences)
    tasks: TaskMeasurements = field(default_factory=TaskMeasurements)
