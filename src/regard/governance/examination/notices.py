"""Notices of what reviews have come to, for whoever asked to be told; kept until somebody took them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from regard.governance.examination.states import ReviewStatus
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import cases, reviews
from regard.storage.schema import review_notices as table

_FIRST_WAIT: Final = 5.0  # seconds; each is twice the one before
_LONGEST_WAIT: Final = 3600.0
_HELD: Final = 120_000  # milliseconds that one delivery may take before another worker tries
_KEPT: Final = 7 * 24 * 3_600_000  # milliseconds for which a notice is tried


@dataclass(frozen=True, slots=True)
class ReviewNotice:
    """`message` is to be told to `channel`, an SNS topic's ARN or a URL, signed by the key `key_id`.

    The message is JSON: the id of a review and its status, and nothing of whom it is about.
    """

    row: int
    channel: str
    message: str
    key_id: str
    attempts: int


def tell(connection: Connection, review: int, status: ReviewStatus) -> None:
    """Leaves a notice that a review, by its row, has come to `status`, where its case has a channel."""
    query = (
        select(reviews.c.review_id, cases.c.channel, cases.c.channel_key)
        .join(cases, cases.c.case_id == reviews.c.case_id)
        .where(reviews.c.row == review, cases.c.channel.is_not(None))
    )
    found = connection.execute(query).first()
    if found is None:
        return
    now = milliseconds()
    connection.execute(
        insert(table).values(
            review=review,
            channel=found.channel,
            message=json.dumps({"ReviewId": found.review_id, "Status": status.value}),
            key_id=found.channel_key,
            made=now,
            next_try=now,
        )
    )


class ReviewNotices:
    """The notices of one database, for any number of workers: each is delivered once or more often."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self) -> ReviewNotice | None:
        """A notice whose time has come, or None. Nobody else is given it for two minutes."""
        now = milliseconds()
        query = (
            select(table)
            .where(table.c.done.is_(None), table.c.next_try <= now, table.c.made > now - _KEPT)
            .order_by(table.c.next_try, table.c.row)
            .limit(1)
        )
        with self._database.read() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        mine = (table.c.row == found.row, table.c.next_try == found.next_try, table.c.done.is_(None))
        values = {"next_try": now + _HELD, "attempts": found.attempts + 1}
        with self._database.write() as connection:
            taken = connection.execute(update(table).where(*mine).values(values)).rowcount
        if not taken:
            return None
        return ReviewNotice(found.row, found.channel, found.message, found.key_id, found.attempts + 1)

    def delivered(self, notice: ReviewNotice) -> None:
        """Somebody took it."""
        self._set(notice, done=milliseconds(), failure=None)

    def failed(self, notice: ReviewNotice, reason: str) -> float:
        """Has it tried again later; answers in how many seconds."""
        wait: float = min(_FIRST_WAIT * 2 ** min(notice.attempts - 1, 20), _LONGEST_WAIT)
        self._set(notice, next_try=milliseconds() + round(wait * 1000), failure=reason)
        return wait

    def _set(self, notice: ReviewNotice, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.row == notice.row).values(**values))
