"""`/metrics` of a worker that was started as a command of its own (REGARD_WORKER_METRICS).

The workers that a server starts have none: on one machine they would all want the same port.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette

from regard.errors import RegardError
from regard.measurements import Measurements
from regard.wire.figures import figures_route
from regard.wire.metric_families import build_info, counter, histogram, parts_timed

_PORTS: Final = range(1, 65_536)


class WorkerFigures(Collector):
    """Makes the figures anew whenever they are read."""

    def __init__(self, measurements: Measurements) -> None:
        self._measurements = measurements

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        measured = self._measurements
        yield build_info()
        yield from parts_timed(measured)
        yield histogram(
            "regard_job_step_seconds",
            "A step of a job, until it is kept, by the operation that started the job.",
            measured.steps,
            ("operation",),
        )
        yield counter(
            "regard_leases_lost",
            "Jobs and stream processors that another worker took from this one, or that were ended under it.",
            measured.leases_lost,
            ("kind",),
        )
        yield counter(
            "regard_leases_taken_over",
            "Jobs and stream processors that this worker took over from one that had died or hung.",
            measured.leases_taken_over,
            ("kind",),
        )
        yield histogram(
            "regard_task_seconds",
            "A task that a machine of the Ray cluster did for this worker, on that machine, by kind.",
            measured.tasks.done,
            ("kind",),
        )
        yield counter(
            "regard_tasks_failed",
            "Tasks that the Ray cluster did not do, though it had tried again, by kind.",
            measured.tasks.failed,
            ("kind",),
        )
        yield counter(
            "regard_task_bytes",
            "Bytes of tasks and of what they gave, by kind and way: `sent`, `received`.",
            measured.tasks.bytes,
            ("kind", "way"),
        )
        yield counter(
            "regard_stream_samples",
            "Pictures of streams, by kind of processor, and by whether networks saw them: `yes`, `no`.",
            measured.samples,
            ("kind", "examined"),
        )


@contextmanager
def worker_figures(place: str, token: str, measurements: Measurements) -> Iterator[None]:
    """Tells the figures at `place`, PORT of the loopback or HOST:PORT, to whoever shows `token`, meanwhile.
    Raises RegardError where the place is none, is taken, or there is no token.
    """
    if not token:
        raise RegardError("REGARD_WORKER_METRICS takes REGARD_METRICS_TOKEN: without it nobody may read.")
    registry = CollectorRegistry()
    for one in (WorkerFigures(measurements), ProcessCollector(registry=None)):
        registry.register(one)
    application = Starlette(routes=[figures_route(token, lambda: generate_latest(registry))])
    with _listening(place) as listener:
        config = uvicorn.Config(
            application,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        # Signals are the worker's: uvicorn takes them in the main thread alone.
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="metrics")
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()


def _listening(place: str) -> socket.socket:
    """A bound socket. Raises RegardError."""
    host, _, port = place.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) not in _PORTS:
        raise RegardError(f"REGARD_WORKER_METRICS must be PORT or HOST:PORT, not {place[:80]!r}.")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    try:
        return socket.create_server(
            (host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]  # Python says once more where
        raise RegardError(
            f"Can't listen on {place} ({why}); each worker of a machine takes a port of its own "
            "(REGARD_WORKER_METRICS)."
        ) from error
