"""The jobs of one database: started, looked up, cancelled, forgotten. Who runs them: `leases.py`."""

from __future__ import annotations

import json
import secrets
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, tuple_, update

from regard import tracing
from regard.errors import LimitExceededException
from regard.jobs.records import Ended, Item, Job, JobEnd, NewJob, Status, read_job, write_caller
from regard.resources.request_tokens import (
    IdempotentRequest,
    earlier_answer,
    expire_answers,
    forget_answers,
    remember,
)
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import job_items, job_notices, jobs

# Built once: clients ask again and again whether their job is done.
_FIND = select(jobs).where(
    jobs.c.job_id == bindparam("job_id"),
    or_(jobs.c.expires.is_(None), jobs.c.expires > bindparam("now")),
)
_PRUNED = 20  # jobs at a time
_ERASED_AT_ONCE = 5000  # items in one transaction
_DAY = 24 * 60 * 60 * 1000

_DENIED = "AccessDeniedException"
CANCELLED = "The job was cancelled."


def unheard(_connection: Connection, _end: JobEnd) -> None:
    """For whom nothing follows from a job's end."""


class JobStore:
    """Jobs of one database, for any number of threads, processes and servers.

    `limit` is how many may be under way at once; what a job found is kept for `days` after its end. `ended`
    is told of each end, in the transaction that makes it.
    """

    def __init__(self, database: Database, *, limit: int = 20, days: int = 7, ended: Ended = unheard) -> None:
        self.database = database
        self.ended = ended
        self._limit = limit
        self._kept = days * _DAY

    def start(self, new: NewJob, *, account: str = "") -> Job:
        """A new job, or the one that was started with the same token before.

        Raises IdempotentParameterMismatchException where the token came with another request, and
        LimitExceededException while as many jobs are under way as may be; `account` is named in its message.
        """
        with self.database.write(turn=Turn.JOBS) as connection:
            return self.start_within(connection, new, account=account)

    def start_within(self, connection: Connection, new: NewJob, *, account: str = "") -> Job:
        """The same, with whatever else a transaction writes, which has the turn JOBS."""
        earlier = _earlier(connection, new)
        if earlier is not None:
            return earlier
        under_way = _count_under_way(connection)
        if under_way >= self._limit:
            raise LimitExceededException(
                f"{under_way} open Jobs for User {account}. Maximum limit: {self._limit}"
            )
        job_id = secrets.token_hex(32)
        connection.execute(insert(jobs).values(_row_of(new, job_id)))
        remember(connection, _request_of(new), {"JobId": job_id}, resource=_resource(job_id), kept=None)
        return _found(connection, job_id)

    def earlier(self, new: NewJob) -> Job | None:
        """The job that this request has started already. Raises IdempotentParameterMismatchException."""
        if _request_of(new).token is None:
            return None
        with self.database.read() as connection:
            return _earlier(connection, new)

    def find(self, job_id: str) -> Job | None:
        """The job of that id, or None where there is none, or its results have expired."""
        with self.database.read() as connection:
            return find_job(connection, job_id)

    def page(self, *, before: int | None = None, limit: int, operation: str | None = None) -> list[Job]:
        """Jobs, the newest first, those below the row `before`; of one Start operation, or of all."""
        query = select(jobs).where(or_(jobs.c.expires.is_(None), jobs.c.expires > milliseconds()))
        if operation is not None:
            query = query.where(jobs.c.operation == operation)
        if before is not None:
            query = query.where(jobs.c.row < before)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(jobs.c.row.desc()).limit(limit)).mappings()
            return [read_job(row) for row in rows]

    def items(
        self, job: Job, *, view: str, by_key: bool, after: int | None, limit: int
    ) -> list[tuple[int, Item]]:
        """A job's items with their numbers, behind the one whose number is `after`.

        Sorted by time, or by key and then by time; those of one moment as they were found. An `after` that
        the view does not have gives none.
        """
        order: tuple[Any, ...] = (job_items.c.timestamp, job_items.c.number)
        if by_key:
            order = (job_items.c.key, *order)
        query = select(job_items).where(job_items.c.job == job.row, job_items.c.view == view)
        with self.database.read() as connection:
            if after is not None:
                last = connection.execute(
                    select(*order).where(job_items.c.job == job.row, job_items.c.number == after)
                ).first()
                if last is None:
                    return []
                query = query.where(tuple_(*order) > tuple_(*last))
            rows = connection.execute(query.order_by(*order).limit(limit)).all()
        return [
            (row.number, Item(row.timestamp, row.key.decode(), json.loads(row.body), row.view))
            for row in rows
        ]

    def cancel(self, job: Job, message: str = CANCELLED) -> bool:
        """Ends a job at once as FAILED; False where it had ended already. Whoever runs it finds out."""
        with self.database.write() as connection:
            done = end(connection, job.row, Status.FAILED, message, store=self, cancelled=True)
        if done:
            self.erase_items(job.row)
        return done

    def erase_authorized(self, authorization_id: str, message: str) -> tuple[list[str], int]:
        """Makes the jobs of an authorization as if they had found nothing: each has FAILED with `message`.

        Answers the ids of the jobs, and how many items were removed. Their requests, which name footage and
        hold no face, stay until the jobs expire.
        """
        of_authorization = jobs.c.authorization_id == authorization_id
        with self.database.write() as connection:
            query = select(jobs.c.row, jobs.c.job_id, jobs.c.found).where(of_authorization)
            found = connection.execute(query.order_by(jobs.c.row)).all()
            for one in found:
                end(connection, one.row, Status.FAILED, message, store=self, failure=_DENIED)
            emptied = {"status": Status.FAILED.value, "message": message, "facts": "{}", "failure": _DENIED}
            connection.execute(update(jobs).where(of_authorization).values(emptied))
        for one in found:
            self.erase_items(one.row)
        return [one.job_id for one in found], sum(one.found for one in found)

    def erase_items(self, row: int) -> None:
        """Removes what a job has found, a few thousand items at a time, lest other writers wait long."""
        while self._erase_some(row):
            pass
        with self.database.write() as connection:
            connection.execute(update(jobs).where(jobs.c.row == row).values(found=0))
        self.database.forget()

    def _erase_some(self, row: int) -> bool:
        """Removes the items with the lowest numbers; whether there were any."""
        of_job = job_items.c.job == row
        with self.database.write() as connection:
            first = connection.execute(select(func.min(job_items.c.number)).where(of_job)).scalar()
            if first is not None:
                some = job_items.c.number < first + _ERASED_AT_ONCE
                connection.execute(delete(job_items).where(of_job, some))
        return first is not None

    def prune(self) -> int:
        """Removes some jobs that have expired, with everything they found; answers how many.

        What is left of jobs that failed, whose process died before it was removed, is removed too.
        """
        now = milliseconds()
        failed = and_(jobs.c.status == Status.FAILED.value, jobs.c.found > 0)
        over = (
            select(jobs.c.row, jobs.c.job_id, jobs.c.expires)
            .where(or_(jobs.c.expires <= now, failed))
            .limit(_PRUNED)
        )
        with self.database.read() as connection:
            found = connection.execute(over).all()
        for row, job_id, expires in found:
            self.erase_items(row)
            if expires <= now:
                with self.database.write() as connection:
                    forget_answers(connection, _resource(job_id))
                    connection.execute(delete(jobs).where(jobs.c.row == row))
        return len(found)

    @property
    def kept(self) -> int:
        """Milliseconds for which results are kept."""
        return self._kept


def find_job(connection: Connection, job_id: str) -> Job | None:
    """The job of that id, or None where there is none, or its results have expired."""
    row = connection.execute(_FIND, {"job_id": job_id, "now": milliseconds()}).mappings().first()
    return None if row is None else read_job(row)


def end(
    connection: Connection,
    row: int,
    status: Status,
    message: str | None,
    *,
    store: JobStore,
    fence: int | None = None,
    cancelled: bool = False,
    failure: str | None = None,
) -> bool:
    """Ends a job that is under way, and leaves a notice where one was asked for; False if it has ended.

    What a job that failed had found is removed: nobody is shown half a result. With a `fence`, only the
    holder of that lease ends it. What follows from the end is part of the transaction: `store.ended`.
    """
    now, kept = milliseconds(), store.kept
    holds = jobs.c.fence == fence if fence is not None else jobs.c.fence >= 0
    values: dict[str, Any] = {
        "status": status.value,
        "message": message,
        "finished": now,
        "expires": now + kept,
        "state": None,  # it may hold embeddings of faces
        "holder": None,
        "lease_until": 0,
        "cancelled": now if cancelled else None,
        "failure": failure,
    }
    if status is Status.SUCCEEDED:
        values["progress"] = 1.0
    changed = connection.execute(
        update(jobs).where(jobs.c.row == row, jobs.c.status == Status.IN_PROGRESS.value, holds).values(values)
    ).rowcount
    if not changed:
        return False
    ended = connection.execute(
        select(jobs.c.job_id, jobs.c.operation, jobs.c.request).where(jobs.c.row == row)
    ).one()
    expire_answers(connection, _resource(ended.job_id), now + kept)
    store.ended(connection, JobEnd(ended.job_id, ended.operation, status, message))
    channel = json.loads(ended.request).get("NotificationChannel")
    if channel is not None:
        notice = {"job": row, "channel": channel["SNSTopicArn"], "next_try": now}
        connection.execute(insert(job_notices).values(notice))
    return True


def _row_of(new: NewJob, job_id: str) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "operation": new.operation,
        "request": json.dumps(new.request),
        "request_id": new.request_id,
        "case_reference": new.case,
        "key_id": new.caller.key_id,
        "caller": write_caller(new.caller),
        "collection_id": new.collection_id,
        "purpose": new.purpose,
        "threshold": new.threshold,
        "authorization_id": new.authorization_id,
        "seal": secrets.token_hex(32),
        "status": Status.IN_PROGRESS.value,
        "created": milliseconds(),
        "trace": tracing.traceparent(),
    }


def _resource(job_id: str) -> str:
    """How the table of request tokens names a job."""
    return f"job/{job_id}"


def _request_of(new: NewJob) -> IdempotentRequest:
    return IdempotentRequest.read(new.caller.key_id, new.operation, new.request)


def _earlier(connection: Connection, new: NewJob) -> Job | None:
    answer = earlier_answer(connection, _request_of(new))
    return None if answer is None else find_job(connection, answer["JobId"])


def _count_under_way(connection: Connection) -> int:
    query = select(func.count()).select_from(jobs).where(jobs.c.status == Status.IN_PROGRESS.value)
    return connection.execute(query).scalar_one()


def _found(connection: Connection, job_id: str) -> Job:
    return read_job(connection.execute(select(jobs).where(jobs.c.job_id == job_id)).mappings().one())
