"""Who works: jobs, stream processors, notices, and the days of the audit log that wait for their seal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from regard.doctor.symptom import Patient, Symptom, ok, warning
from regard.governance.audit import AuditLog
from regard.governance.proof.seals import Seals
from regard.jobs.records import Status
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import jobs, stream_processors
from regard.streams.records import AT_WORK

_PATIENCE: Final = 60_000  # milliseconds after which somebody who works would have taken it


def examine_workers(patient: Patient) -> Iterator[Symptom]:
    """Whether jobs and stream processors that wait are taken."""
    database = patient.database
    if database is None or database.schema().current != database.schema().newest:
        return
    now = milliseconds()
    waiting = (jobs.c.status == Status.IN_PROGRESS.value, jobs.c.lease_until <= now)
    running = (jobs.c.status == Status.IN_PROGRESS.value, jobs.c.lease_until > now)
    streams = stream_processors
    at_work = streams.c.status.in_([one.value for one in AT_WORK])
    with database.read() as connection:
        since = connection.execute(select(func.min(jobs.c.created)).where(*waiting)).scalar()
        count = connection.execute(select(func.count()).where(*waiting)).scalar_one()
        holders = connection.execute(
            select(func.count(jobs.c.holder.distinct())).where(*running)
        ).scalar_one()
        idle = connection.execute(
            select(func.count(), func.min(streams.c.started)).where(at_work, streams.c.lease_until <= now)
        ).one()
        held = connection.execute(
            select(func.count()).where(at_work, streams.c.lease_until > now)
        ).scalar_one()
    if count and not holders and since is not None and now - since > _PATIENCE:
        yield warning(
            "jobs",
            f"{count} jobs wait, the first for {_lasting(now - since)}, and nobody works.",
            "Start `regard worker`, or let `regard serve` start one (REGARD_JOB_WORKERS); look into its log.",
        )
    else:
        yield ok("jobs", f"{count} wait, {holders} workers are at work.")
    if idle[0] and now - (idle[1] or now) > _PATIENCE:
        yield warning(
            "streams",
            f"{idle[0]} stream processors are started and nobody runs them, the first for "
            f"{_lasting(now - idle[1])}.",
            "Start `regard streams`, or let `regard serve` start one (REGARD_STREAM_WORKERS); look into its "
            "log.",
        )
    else:
        yield ok("streams", f"{held} stream processors run, {idle[0]} wait.")


def examine_audit_log(patient: Patient) -> Iterator[Symptom]:
    """How far the days of the audit log are sealed."""
    database = patient.database
    if database is None or database.schema().current != database.schema().newest:
        return
    log = AuditLog(database)
    head, sealed = log.newest(), Seals(database, log, patient.settings.keys).newest()
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    first = _first_day(database)
    unsealed = first is not None and first <= yesterday and (sealed is None or sealed.day < yesterday)
    day = "none" if sealed is None else f"{sealed.day}"
    if unsealed:
        yield warning(
            "audit log",
            f"{head.sequence:,} records; the newest day that is sealed: {day}.",
            "A server that runs at midnight seals the day before: start one, and look into its log.",
        )
    else:
        yield ok("audit log", f"{head.sequence:,} records; the newest day that is sealed: {day}.")


def _first_day(database: Database) -> str | None:
    page = AuditLog(database).page(after=0, limit=1)
    return None if not page else str(json.loads(page[0][1])["time"])[:10]


def _lasting(elapsed: int) -> str:
    minutes = elapsed // 60_000
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
