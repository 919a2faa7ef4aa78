"""What the database knows of work that waits or is under way: the same from every server on it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from regard.governance.examination.states import OPEN, ReviewStatus
from regard.governance.proof.seals import Seals
from regard.jobs.records import Status
from regard.liveness.records import LivenessStatus
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import (
    audit,
    job_notices,
    jobs,
    liveness_sessions,
    reviews,
    stream_notices,
    stream_processors,
    usage_position,
)
from regard.streams.records import StreamStatus

_RUNNING = Status.IN_PROGRESS.value
_DAY = 86_400.0


class WorkFigures(Collector):
    """Makes the figures anew whenever they are read."""

    def __init__(self, database: Database, seals: Seals) -> None:
        self._database = database
        self._seals = seals

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        sealed = self._seals.newest()
        with self._database.read() as connection:
            now = milliseconds()
            yield from _of_jobs(connection, now)
            yield from _of_streams(connection, now)
            yield from _of_people(connection, now)
            yield from _of_audit(connection, now, None if sealed is None else sealed.day)


def _of_jobs(connection: Connection, now: int) -> Iterator[Metric]:
    running = (jobs.c.status == _RUNNING, jobs.c.lease_until > now)
    free = (jobs.c.status == _RUNNING, jobs.c.lease_until <= now)
    lapsed = (*free, jobs.c.holder.is_not(None))
    yield _count(connection, "regard_jobs_running", "Jobs that a worker has.", jobs, running)
    yield _count(connection, "regard_jobs_waiting", "Jobs that nobody has.", jobs, free)
    yield _age(
        connection, "regard_jobs_oldest_seconds", "Age of the oldest job that nobody has.", jobs, free, now
    )
    yield _count(
        connection, "regard_jobs_lapsed", "Jobs whose worker said nothing more, and nobody has.", jobs, lapsed
    )
    waiting = (job_notices.c.done.is_(None),)
    yield _count(connection, "regard_job_notices_waiting", "Notices not delivered yet.", job_notices, waiting)
    told = (stream_notices.c.done.is_(None),)
    yield _count(connection, "regard_stream_notices_waiting", "Alerts not told yet.", stream_notices, told)


def _of_streams(connection: Connection, now: int) -> Iterator[Metric]:
    streams = stream_processors
    yield _by_status(connection, "regard_streams", "Stream processors, by status.", streams, StreamStatus)
    states = connection.execute(
        select(streams.c.state).where(
            streams.c.status == StreamStatus.RUNNING.value, streams.c.lease_until > now
        )
    ).scalars()
    yield GaugeMetricFamily(
        "regard_streams_oldest_picture_seconds",
        "Age of the newest picture of the stream that has been without one for longest; 0 where none runs.",
        value=max((now / 1000 - at for at in _pictures(states)), default=0.0),
    )
    left = (
        streams.c.status.in_((StreamStatus.STARTING.value, StreamStatus.RUNNING.value)),
        streams.c.lease_until <= now,
    )
    yield _count(
        connection,
        "regard_streams_waiting",
        "Stream processors that are started and run by nobody.",
        streams,
        left,
    )


def _pictures(states: Iterable[str]) -> Iterator[float]:
    """When the streams had their newest pictures, epoch s."""
    for state in states:
        at = json.loads(state).get("last_picture")
        if at is not None:
            yield float(at)


def _of_people(connection: Connection, now: int) -> Iterator[Metric]:
    said = "Reviews of whom searches found, by status."
    yield _by_status(connection, "regard_reviews", said, reviews, ReviewStatus)
    waiting = (reviews.c.status.in_(OPEN),)
    yield _age(
        connection,
        "regard_reviews_oldest_seconds",
        "Age of the oldest review that waits.",
        reviews,
        waiting,
        now,
        "opened",
    )
    said = "Sessions of Face Liveness that are kept, by status."
    yield _by_status(connection, "regard_liveness_sessions", said, liveness_sessions, LivenessStatus)


def _of_audit(connection: Connection, now: int, sealed: str | None) -> Iterator[Metric]:
    newest = connection.execute(select(func.max(audit.c.sequence))).scalar() or 0
    records = CounterMetricFamily("regard_audit_records", "Records of the audit log.")
    records.add_metric((), newest)
    yield records
    yield GaugeMetricFamily(
        "regard_audit_unsealed_seconds",
        "Time since the end of the newest sealed day; since the first record where no day is.",
        value=now / 1000 - _sealed_until(connection, sealed, now),
    )
    folded = connection.execute(select(func.max(usage_position.c.sequence))).scalar() or 0
    yield GaugeMetricFamily(
        "regard_usage_behind_records", "Records that usage doesn't count yet.", value=max(0, newest - folded)
    )


def _sealed_until(connection: Connection, sealed: str | None, now: int) -> float:
    """Until when the log is sealed, epoch s."""
    if sealed is not None:
        return datetime.fromisoformat(sealed).replace(tzinfo=UTC).timestamp() + _DAY
    first = connection.execute(select(audit.c.record).order_by(audit.c.sequence).limit(1)).scalar()
    return now / 1000 if first is None else datetime.fromisoformat(json.loads(first)["time"]).timestamp()


def _by_status(
    connection: Connection, name: str, said: str, table: Any, statuses: type[StrEnum]
) -> GaugeMetricFamily:
    """How many rows have each status; each is there, also with none."""
    counted = select(table.c.status, func.count()).group_by(table.c.status)
    found: dict[str, int] = {row[0]: row[1] for row in connection.execute(counted)}
    family = GaugeMetricFamily(name, said, labels=("status",))
    for status in statuses:
        family.add_metric((status.value,), found.get(status.value, 0))
    return family


def _count(
    connection: Connection, name: str, said: str, table: Any, where: tuple[Any, ...]
) -> GaugeMetricFamily:
    counted = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
    return GaugeMetricFamily(name, said, value=counted)


def _age(
    connection: Connection,
    name: str,
    said: str,
    table: Any,
    where: tuple[Any, ...],
    now: int,
    since: str = "created",
) -> GaugeMetricFamily:
    """How long the oldest row has been there; 0 where there is none."""
    first = connection.execute(select(func.min(table.c[since])).where(*where)).scalar()
    return GaugeMetricFamily(name, said, value=0.0 if first is None else max(0.0, (now - first) / 1000))
