"""Reviewers on duty: who they are, and how they are called to a sheet that can't wait.

A call tells that a sheet waits, and nothing of it: neither which, nor why it is urgent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from regard.errors import ConflictException
from regard.governance.audit import AuditLog
from regard.governance.examination.finding import find_all
from regard.governance.examination.records import Review
from regard.governance.examination.states import OPEN, ReviewStatus
from regard.governance.permissions import Permission, permits
from regard.resources.outbox import Outbox
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import cases, duty, duty_calls, people, reviews

CALLED: Final = "call reviewers"
"""What the audit log calls it, a command's record."""
LONGEST_DUTY_HOURS: Final = 24

_KEPT: Final = 3_600_000  # milliseconds for which a call is tried: whoever comes later looks anyway
_SOON: Final = 3_600_000  # milliseconds before a review expires within which reviewers are called to it


class Occasion(StrEnum):
    """Why reviewers are called, as the audit record has it; without a picture nobody is, and the record says
    so.
    """

    URGENT = "urgent"
    ALERT = "alert"
    NO_PICTURE = "no picture"


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who is called until a moment, in milliseconds since the epoch, at `channel`, a topic's ARN or
    a URL; `key_id` is the key that signs for them.
    """

    person_id: str
    name: str
    until: int
    channel: str
    key_id: str


class Duty:
    """Who is on duty, and what they are called to, by one database."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    def mark(
        self, case_id: str, *, urgent: bool, by: str, reason: str, conclude: Callable[[Connection], object]
    ) -> None:
        """Has the reviews of a case go first, and calls whoever is on duty to those that wait; or takes that
        back. `conclude` writes the record of the request, in the same transaction. Raises ConflictException
        for a case that is closed.
        """
        since = milliseconds() if urgent else None
        values = {"urgent": since, "urgent_by": by, "urgent_for": reason}
        with self._database.write(turn=Turn.AUDIT) as connection:
            is_open = (cases.c.case_id == case_id, cases.c.closed.is_(None))
            if not connection.execute(update(cases).where(*is_open).values(values)).rowcount:
                raise ConflictException(f"The case {case_id} is closed; nothing of it is urgent.")
            conclude(connection)
            of_case = reviews.c.case_id == case_id
            for review in find_all(connection, of_case & reviews.c.status.in_(OPEN)):
                call_reviewers(connection, self._audit, review)

    def begin(
        self,
        person_id: str,
        until: int,
        channel: str,
        key_id: str,
        *,
        conclude: Callable[[Connection], object],
    ) -> None:
        """Has somebody called until a moment; what they said before is replaced. `conclude` is as in
        `mark`.
        """
        with self._database.write(turn=Turn.AUDIT) as connection:
            connection.execute(delete(duty).where(duty.c.person_id == person_id))
            row = {"person_id": person_id, "until": until, "channel": channel, "key_id": key_id}
            connection.execute(insert(duty).values(row))
            conclude(connection)

    def end(self, person_id: str, *, conclude: Callable[[Connection], object]) -> None:
        """Has somebody called no more. `conclude` is as in `mark`: a call in between, or a server that dies
        there, would leave a log by which they should have been called.
        """
        with self._database.write(turn=Turn.AUDIT) as connection:
            connection.execute(delete(duty).where(duty.c.person_id == person_id))
            conclude(connection)

    def now(self) -> list[OnDuty]:
        """Who is on duty now, in the order of their names."""
        with self._database.read() as connection:
            return on_duty(connection)


def on_duty(connection: Connection) -> list[OnDuty]:
    """Who is on duty now: reviewers still, who aren't suspended."""
    query = (
        select(duty, people.c.name, people.c.roles)
        .join(people, people.c.person_id == duty.c.person_id)
        .where(duty.c.until > milliseconds(), people.c.suspended.is_(None))
        .order_by(people.c.name)
    )
    return [
        OnDuty(row.person_id, row.name, row.until, row.channel, row.key_id)
        for row in connection.execute(query)
        if any(permits(role, Permission.REVIEW) for role in json.loads(row.roles))
    ]


def outbox_of_calls(database: Database) -> Outbox:
    """The calls of one database."""
    return Outbox(database, duty_calls, kept=_KEPT)


def call_reviewers(connection: Connection, audit: AuditLog, review: Review) -> None:
    """Calls whoever is on duty to a review that waits, once, where its case is urgent or it expires soon, as
    an alert does. Nobody is called to their own search or case.

    In a transaction with the turn AUDIT, which gets the record of whom was called, even of nobody.
    """
    query = (
        select(reviews.c.called, reviews.c.due, cases.c.urgent, cases.c.members)
        .join(cases, cases.c.case_id == reviews.c.case_id)
        .where(reviews.c.row == review.row)
    )
    found = connection.execute(query).first()
    why = None if found is None else _why(review, found)
    if found is None or why is None:
        return
    now, members = milliseconds(), json.loads(found.members)
    free = on_duty(connection) if why is not Occasion.NO_PICTURE else []  # there is nothing to rate
    called = [one for one in free if one.person_id not in (*members, review.searcher)]
    moment = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
    connection.execute(update(reviews).where(reviews.c.row == review.row).values(called=now))
    _insert_calls(connection, review, called, now, json.dumps({"Waiting": "REVIEW", "Called": moment}))
    audit.append_within(
        connection,
        {
            "time": moment,
            "key": "local",
            "operation": CALLED,
            "review": review.review_id,
            "case": review.case_id,
            "why": why.value,
            "people": [one.person_id for one in called],
        },
    )


def _why(review: Review, found: Row[*tuple[Any, ...]]) -> Occasion | None:
    """Why reviewers are called to a review; None where it can wait, or they were called. `found` says when
    they were, when it expires, and since when its case is urgent.
    """
    is_rated = review.status in OPEN
    if found.called is not None or not (is_rated or review.status is ReviewStatus.NO_PICTURE):
        return None
    if found.urgent is None and not is_soon(found.due):
        return None
    if not is_rated:
        return Occasion.NO_PICTURE
    return Occasion.ALERT if found.urgent is None else Occasion.URGENT


def _insert_calls(
    connection: Connection, review: Review, called: Sequence[OnDuty], now: int, message: str
) -> None:
    calls: list[dict[str, Any]] = [
        {
            "review": review.row,
            "person_id": one.person_id,
            "channel": one.channel,
            "message": message,
            "key_id": one.key_id,
            "made": now,
            "next_try": now,
        }
        for one in called
    ]
    if calls:
        connection.execute(insert(duty_calls), calls)


def is_soon(due: int | None) -> bool:
    """Whether what expires at `due`, in milliseconds since the epoch, does so within the hour."""
    return due is not None and due - milliseconds() < _SOON
