"""What one server measures of itself, as Prometheus reads it: each server has its own.

Labels are operations, outcomes, networks and states: never a key, a person, a face, a collection or a file.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from importlib.metadata import version
from platform import python_version
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from regard.measurements import Timings
from regard.wire.measured_server import MeasuredServer


class ProcessFigures(Collector):
    """Makes the figures anew whenever they are read."""

    def __init__(self, server: MeasuredServer) -> None:
        self._server = server

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._of_requests()
        yield from self._of_parts()
        server = self._server
        yield InfoMetricFamily(
            "regard_build",
            "What runs here.",
            value={
                "version": version("regard"),
                "python": python_version(),
                "onnxruntime": version("onnxruntime"),
            },
        )
        yield _gauge("regard_ready", "1 while the server takes requests.", not server.readiness.is_stopping)
        room = shutil.disk_usage(server.folder)
        yield _gauge("regard_data_free_bytes", "Room on the disk of the data folder.", room.free)
        yield _gauge("regard_data_size_bytes", "Size of that disk.", room.total)
        pool: Any = server.database.engine.pool
        connections = GaugeMetricFamily(
            "regard_database_connections", "Connections to the database, by state.", labels=("state",)
        )
        connections.add_metric(("in_use",), pool.checkedout())
        connections.add_metric(("idle",), pool.checkedin())
        yield connections

    def _of_requests(self) -> Iterator[Metric]:
        server = self._server
        yield _histogram(
            "regard_request_seconds",
            "From a request's head to its answer, by operation and outcome: ok, refused (the caller can mend "
            "it), throttled, error, gone (the client left).",
            server.measurements.answers,
            ("operation", "outcome"),
        )
        waiting = GaugeMetricFamily("regard_queue_waiting", "Requests that wait, by lane.", labels=("lane",))
        places = GaugeMetricFamily(
            "regard_queue_places", "Requests that may wait (REGARD_QUEUE).", labels=("lane",)
        )
        seconds = GaugeMetricFamily(
            "regard_queue_seconds", "How long the next request would wait, as estimated.", labels=("lane",)
        )
        refused = CounterMetricFamily(
            "regard_queue_refused",
            "Requests that found no place, or would have waited for too long.",
            labels=("lane",),
        )
        for name, lane in (("pictures", server.lanes.pictures), ("others", server.lanes.others)):
            waiting.add_metric((name,), lane.queue.waiting)
            places.add_metric((name,), lane.queue.places)
            seconds.add_metric((name,), lane.queue.expected_wait)
            refused.add_metric((name,), lane.queue.refused)
        yield from (waiting, places, seconds, refused)

    def _of_parts(self) -> Iterator[Metric]:
        server, measured = self._server, self._server.measurements
        yield _histogram(
            "regard_network_seconds", "One run of a network, by network.", measured.networks, ("network",)
        )
        yield _histogram("regard_decode_seconds", "A picture decoded.", measured.pictures, ())
        yield _histogram("regard_search_seconds", "An index searched for a face.", measured.searches, ())
        yield _gauge("regard_indexes_loaded", "Indexes in memory.", server.indexes.loaded)
        yield _gauge("regard_indexes_bytes", "Memory of all indexes.", server.indexes.memory)
        behind = time.monotonic() - server.indexes.followed
        yield _gauge(
            "regard_indexes_followed_seconds",
            "Time since indexes were brought level with the database; half a second as a rule.",
            behind,
        )


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, value=float(value))


def _histogram(name: str, said: str, timings: Timings, labels: tuple[str, ...]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, said, labels=labels)
    bounds = [*(f"{bound:g}" for bound in timings.bounds), "+Inf"]
    for values, timing in sorted(timings.read().items()):
        cumulated, buckets = 0, []
        for bound, count in zip(bounds, timing.counts, strict=True):
            cumulated += count
            buckets.append((bound, cumulated))
        family.add_metric(values, buckets=buckets, sum_value=timing.total)
    return family
