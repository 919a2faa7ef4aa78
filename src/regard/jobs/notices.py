"""Notices of jobs that have ended, kept until somebody took them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from regard.jobs.records import Job, read_job
from regard.resources.outbox import HELD, wait_after
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import job_notices, jobs


@dataclass(frozen=True, slots=True)
class Notice:
    """That `job` has ended is to be told to `channel`, an SNS topic's ARN or a URL."""

    job: Job
    channel: str
    attempts: int


class JobNotices:
    """The notices of one database, for any number of workers: each is delivered at least once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self) -> Notice | None:
        """A notice whose time has come, or None. Nobody else is given it for two minutes."""
        query = (
            select(job_notices.c.channel, job_notices.c.attempts, job_notices.c.next_try, jobs)
            .join(jobs, jobs.c.row == job_notices.c.job)
            .where(job_notices.c.done.is_(None), job_notices.c.next_try <= milliseconds())
            .order_by(job_notices.c.next_try)
            .limit(1)
        )
        with self._database.read() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        channel, attempts, next_try, *_ = found
        job = read_job({column.name: found[3 + n] for n, column in enumerate(jobs.columns)})
        with self._database.write() as connection:
            taken = connection.execute(
                update(job_notices)
                .where(
                    job_notices.c.job == job.row,
                    job_notices.c.next_try == next_try,
                    job_notices.c.done.is_(None),
                )
                .values(next_try=milliseconds() + HELD, attempts=attempts + 1)
            ).rowcount
        return Notice(job, channel, attempts + 1) if taken else None

    def delivered(self, notice: Notice) -> None:
        self._set(notice, done=milliseconds(), failure=None)

    def failed(self, notice: Notice, reason: str) -> float:
        """Has it tried again later; answers in how many seconds."""
        wait = wait_after(notice.attempts)
        self._set(notice, next_try=milliseconds() + round(wait * 1000), failure=reason)
        return wait

    def state(self, job: Job) -> tuple[str, int, int | None, str | None] | None:
        """Channel, attempts, when it was delivered, and the last failure of a job's notice, if it has one."""
        columns = (job_notices.c.channel, job_notices.c.attempts, job_notices.c.done, job_notices.c.failure)
        with self._database.read() as connection:
            found = connection.execute(select(*columns).where(job_notices.c.job == job.row)).first()
        return None if found is None else (found.channel, found.attempts, found.done, found.failure)

    def _set(self, notice: Notice, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(job_notices).where(job_notices.c.job == notice.job.row).values(**values)
            )
