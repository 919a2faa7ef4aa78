"""What servers and workers measure alike, as Prometheus takes it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from platform import python_version

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from regard.measurements import Measurements, Occurrences, Timings


def build_info() -> InfoMetricFamily:
    """Which versions run."""
    return InfoMetricFamily(
        "regard_build",
        "What runs here.",
        value={
            "version": version("regard"),
            "python": python_version(),
            "onnxruntime": version("onnxruntime"),
        },
    )


def parts_timed(measured: Measurements) -> Iterator[Metric]:
    """What an analysis is made of."""
    yield histogram(
        "regard_network_seconds", "One run of a network, by network.", measured.networks, ("network",)
    )
    yield histogram("regard_decode_seconds", "A picture decoded.", measured.pictures, ())
    yield histogram("regard_search_seconds", "An index searched for a face.", measured.searches, ())


def counter(name: str, said: str, counted: Occurrences, labels: tuple[str, ...]) -> CounterMetricFamily:
    """A counter whose labels have these names."""
    family = CounterMetricFamily(name, said, labels=labels)
    for values, count in sorted(counted.read().items()):
        family.add_metric(values, count)
    return family


def gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    """A gauge without labels."""
    return GaugeMetricFamily(name, said, value=float(value))


def histogram(name: str, said: str, timings: Timings, labels: tuple[str, ...]) -> HistogramMetricFamily:
    """A histogram of times, whose labels have these names."""
    family = HistogramMetricFamily(name, said, labels=labels)
    bounds = [*(f"{bound:g}" for bound in timings.bounds), "+Inf"]
    for values, timing in sorted(timings.read().items()):
        cumulated, buckets = 0, []
        for bound, count in zip(bounds, timing.counts, strict=True):
            cumulated += count
            buckets.append((bound, cumulated))
        family.add_metric(values, buckets=buckets, sum_value=timing.total)
    return family
