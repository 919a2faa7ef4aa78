"""What one server measures of itself, as Prometheus reads it: each server has its own.

Labels are operations, outcomes, networks and states: never a key, a person, a face, a collection or a file.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from regard.wire.measured_server import MeasuredServer
from regard.wire.metric_families import build_info, counter, gauge, histogram, parts_timed


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
        yield build_info()
        yield counter(
            "regard_workers_died",
            "Workers that the server had started and that ended by themselves, by what they ran.",
            server.measurements.workers_died,
            ("kind",),
        )
        yield gauge("regard_ready", "1 while the server takes requests.", not server.readiness.is_stopping)
        room = shutil.disk_usage(server.folder)
        yield gauge("regard_data_free_bytes", "Room on the disk of the data folder.", room.free)
        yield gauge("regard_data_size_bytes", "Size of that disk.", room.total)
        pool: Any = server.database.engine.pool
        connections = GaugeMetricFamily(
            "regard_database_connections", "Connections to the database, by state.", labels=("state",)
        )
        connections.add_metric(("in_use",), pool.checkedout())
        connections.add_metric(("idle",), pool.checkedin())
        yield connections

    def _of_requests(self) -> Iterator[Metric]:
        server = self._server
        yield histogram(
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
        server = self._server
        yield from parts_timed(server.measurements)
        yield gauge("regard_indexes_loaded", "Indexes in memory.", server.indexes.loaded)
        yield gauge("regard_indexes_bytes", "Memory of all indexes.", server.indexes.memory)
        behind = time.monotonic() - server.indexes.followed
        yield gauge(
            "regard_indexes_followed_seconds",
            "Time since indexes were brought level with the database; half a second as a rule.",
            behind,
        )
