"""Running jobs: a lease on one, which lapses when its holder dies, and commits that only its holder makes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, insert, select, update

from regard.jobs.records import LONGEST_KEY, Item, Job, Status, Step, read_job
from regard.jobs.store import JobStore, end
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import job_items, jobs

_CANDIDATES = 8  # tried in the order they were started, until there is one that nobody else takes meanwhile


MayKeep = Callable[[Job, Connection], None]
"""Is asked in the transaction that keeps what a job found, and raises what forbids it."""


class LeaseLost(Exception):
    """Another worker has the job by now, or it has ended: nothing was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run a job until it lapses. `job` is as it was when the lease was taken; `is_taken_over`
    says that another worker had it, which died or hung: it let the lease lapse.
    """

    job: Job
    fence: int
    is_taken_over: bool = False


class JobLeases:
    """Hands jobs to workers, each to one at a time.

    A worker that dies leaves a lease that lapses after `seconds`; another one then goes on from the last
    step that was committed. A job that was taken `attempts` times and never got ahead has FAILED.
    """

    def __init__(self, store: JobStore, *, seconds: float = 60, attempts: int = 5) -> None:
        self._store = store
        self._database: Database = store.database
        self._milliseconds = round(seconds * 1000)
        self._attempts = attempts

    def waiting(self) -> bool:
        """Whether there is a job to take."""
        with self._database.read() as connection:
            return connection.execute(_free().with_only_columns(jobs.c.row).limit(1)).first() is not None

    def take(self, holder: str) -> Lease | None:
        """The job that waits longest, or None. No two workers are given one job."""
        with self._database.read() as connection:
            found = connection.execute(_free().order_by(jobs.c.row).limit(_CANDIDATES)).mappings().all()
        for row in found:
            job = read_job(row)
            with self._database.write() as connection:
                lease = self._take(connection, job, holder, is_taken_over=row["holder"] is not None)
            if lease is not None:
                return lease
            self._erase_hopeless(job)
        return None

    def _take(self, connection: Connection, job: Job, holder: str, *, is_taken_over: bool) -> Lease | None:
        """The lease on a job that was free a moment ago; None where another one has it, or it is given up."""
        now = milliseconds()
        taken = connection.execute(
            update(jobs)
            .where(*_held(job.row, job.fence), jobs.c.lease_until <= now)
            .values(
                holder=holder,
                lease_until=now + self._milliseconds,
                fence=job.fence + 1,
                attempts=jobs.c.attempts + 1,
            )
        ).rowcount
        if not taken:
            return None
        job = read_job(connection.execute(select(jobs).where(jobs.c.row == job.row)).mappings().one())
        if job.attempts > self._attempts:
            end(connection, job.row, Status.FAILED, self._hopeless(job), store=self._store, fence=job.fence)
            return None
        return Lease(job, job.fence, is_taken_over)

    def _erase_hopeless(self, job: Job) -> None:
        if job.attempts >= self._attempts:
            now = self._store.find(job.job_id)
            if now is not None and now.status is Status.FAILED:
                self._store.erase_items(job.row)

    def _hopeless(self, job: Job) -> str:
        why = job.message or "the worker stopped without an error, as it does when memory runs out"
        return (
            f"The analysis was tried {self._attempts} times and got no further than "
            f"{job.progress:.0%}: {why.rstrip('.')}."
        )

    def renew(self, lease: Lease) -> None:
        """Keeps the lease while a step takes long. Raises LeaseLost."""
        with self._database.write() as connection:
            self._update(connection, lease, {})

    def commit(self, lease: Lease, step: Step, may_keep: MayKeep | None = None) -> None:
        """Keeps a step: all of it, or nothing. Raises LeaseLost, and whatever `may_keep` raises."""
        turn = Turn.AUDIT if any(item.settle is not None for item in step.items) else None
        with self._database.write(turn=turn) as connection:
            changed: dict[str, Any] = {
                "state": json.dumps(step.state, allow_nan=False),
                "progress": min(max(float(step.progress), 0.0), 1.0),
                "message": None,
            }
            if step.facts:
                changed["facts"] = json.dumps(step.facts, allow_nan=False)
            if step.film is not None:
                changed["film"] = step.film
            before = self._update(connection, lease, changed)
            if may_keep is not None:
                may_keep(lease.job, connection)
            items = [item.settled(connection) for item in step.items]
            rows = [_item_row(lease, before.found + n, item) for n, item in enumerate(items)]
            after: dict[str, Any] = {"found": before.found + len(rows)}
            if changed["progress"] > before.progress:
                after["attempts"] = 0
            connection.execute(update(jobs).where(jobs.c.row == lease.job.row).values(after))
            if rows:
                connection.execute(insert(job_items), rows)

    def finish(
        self, lease: Lease, status: Status, message: str | None = None, *, failure: str | None = None
    ) -> None:
        """Ends the job, and leaves a notice where one was asked for. Raises LeaseLost.

        `failure` is the code of the error that ends it.
        """
        with self._database.write() as connection:
            ended = end(
                connection,
                lease.job.row,
                status,
                message,
                store=self._store,
                fence=lease.fence,
                failure=failure,
            )
            if not ended:
                raise LeaseLost
        if status is Status.FAILED:
            self._store.erase_items(lease.job.row)

    def give_back(self, lease: Lease, *, within_step: bool = False) -> None:
        """Leaves the job, which is not its fault, to the next worker at once. `within_step`: a step of it is
        still under way, of which nothing shall be kept.
        """
        fence = lease.fence + 1 if within_step else lease.fence
        self._leave(lease, lease_until=0, attempts=_one_less(), fence=fence)

    def put_off(self, lease: Lease, reason: str, seconds: float) -> None:
        """Leaves the job until later; `reason` is told if it never gets ahead."""
        self._leave(lease, lease_until=milliseconds() + round(seconds * 1000), message=reason)

    def _leave(self, lease: Lease, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(jobs).where(*_held(lease.job.row, lease.fence)).values(holder=None, **values)
            )

    def _update(self, connection: Connection, lease: Lease, values: dict[str, Any]) -> Any:
        """Renews the lease, changes the job, and answers its progress and items before. Raises LeaseLost."""
        changed = connection.execute(
            update(jobs)
            .where(*_held(lease.job.row, lease.fence))
            .values(lease_until=milliseconds() + self._milliseconds)
        ).rowcount  # from here on the row is locked
        if not changed:
            raise LeaseLost
        before = connection.execute(
            select(jobs.c.progress, jobs.c.found).where(jobs.c.row == lease.job.row)
        ).one()
        if values:
            connection.execute(update(jobs).where(jobs.c.row == lease.job.row).values(values))
        return before


def _free() -> Any:
    return select(jobs).where(jobs.c.status == Status.IN_PROGRESS.value, jobs.c.lease_until <= milliseconds())


def _held(row: int, fence: int) -> tuple[Any, ...]:
    return (jobs.c.row == row, jobs.c.fence == fence, jobs.c.status == Status.IN_PROGRESS.value)


def _one_less() -> Any:
    return case((jobs.c.attempts > 0, jobs.c.attempts - 1), else_=0)


def _item_row(lease: Lease, number: int, item: Item) -> dict[str, Any]:
    return {
        "job": lease.job.row,
        "number": number,
        "view": item.view,
        "timestamp": int(item.timestamp),
        "key": _cut(item.key.encode()),
        "body": json.dumps(item.body, allow_nan=False),
    }


def _cut(key: bytes) -> bytes:
    """The key, no longer than an index takes, and still UTF-8."""
    return key if len(key) <= LONGEST_KEY else key[:LONGEST_KEY].decode(errors="ignore").encode()
