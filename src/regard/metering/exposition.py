"""What Prometheus reads: the sums of the audit log as counters, and what is stored as gauges.

They are by operation and purpose alone: who asked, on which case and about which collection is for those who
may read the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import BigInteger, cast, func, select

from regard.metering.units import Unit
from regard.metering.usage import UsageStore
from regard.storage.database import Database
from regard.storage.schema import collections, jobs, usage

_IMAGES = {Unit.IMAGE_1: "1", Unit.IMAGE_2: "2", Unit.IMAGE_PROPERTIES: "properties"}
_LABELS = ("operation", "purpose")


class Exposition:
    """The sums of one database, the same from every server on it, and what else there is to tell."""

    def __init__(self, database: Database, store: UsageStore, more: Iterable[Collector] = ()) -> None:
        """`more` figures are told with those of usage."""
        self._store = store
        self._registry = CollectorRegistry()
        for one in (UsageFigures(database), *more, ProcessCollector(registry=None)):
            self._registry.register(one)

    def text(self) -> bytes:
        """The figures as of now, in Prometheus's text format."""
        self._store.follow()
        return generate_latest(self._registry)


class UsageFigures(Collector):
    """Makes the figures anew whenever they are read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("regard_requests", "Requests that reached the gate.", labels=_LABELS)
        refused = CounterMetricFamily(
            "regard_refused", "Requests that the caller could mend.", labels=_LABELS
        )
        errors = CounterMetricFamily("regard_errors", "Requests that failed.", labels=_LABELS)
        work = CounterMetricFamily("regard_work_seconds", "Time spent on requests.", labels=_LABELS)
        images = CounterMetricFamily(
            "regard_images", "Images, as price lists count them.", labels=(*_LABELS, "group")
        )
        video = CounterMetricFamily(
            "regard_video_seconds", "Video analysed, once for each analysis.", labels=_LABELS
        )
        columns = (*(unit.value for unit in Unit), "requests", "refused", "errors", "work_us")
        # PostgreSQL's sum of whole numbers is a numeric, which comes as a Decimal.
        added = [cast(func.sum(usage.c[name]), BigInteger).label(name) for name in columns]
        sums = select(usage.c.operation, usage.c.purpose, *added)
        with self._database.read() as connection:
            rows = connection.execute(sums.group_by(usage.c.operation, usage.c.purpose)).mappings().all()
            stored = connection.execute(
                select(
                    func.count(),
                    func.coalesce(func.sum(collections.c.face_count), 0),
                    func.coalesce(func.sum(collections.c.user_count), 0),
                )
            ).one()
            states = connection.execute(select(jobs.c.status, func.count()).group_by(jobs.c.status)).all()
        for row in rows:
            labels = (row["operation"], row["purpose"])
            requests.add_metric(labels, row["requests"])
            refused.add_metric(labels, row["refused"])
            errors.add_metric(labels, row["errors"])
            work.add_metric(labels, row["work_us"] / 1e6)
            for unit, group in _IMAGES.items():
                if row[unit.value]:
                    images.add_metric((*labels, group), row[unit.value])
            milliseconds = row[Unit.VIDEO_MS.value] + row[Unit.SEGMENT_MS.value]
            if milliseconds:
                video.add_metric(labels, milliseconds / 1000)
        yield from (requests, refused, errors, work, images, video)
        for name, said, value in zip(
            ("regard_collections", "regard_faces", "regard_users"),
            ("Collections.", "Faces in all collections.", "Users in all collections."),
            stored,
            strict=True,
        ):
            yield GaugeMetricFamily(name, said, value=int(value))
        under_way = GaugeMetricFamily("regard_jobs", "Jobs that are kept, by status.", labels=("status",))
        for status, count in states:
            under_way.add_metric((status,), count)
        yield under_way
