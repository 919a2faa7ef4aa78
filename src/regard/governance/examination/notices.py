"""Notices of what reviews have come to, for whoever asked to be told; kept until somebody took them."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import Connection, insert, select

from regard.governance.examination.states import ReviewStatus
from regard.resources.outbox import Outbox
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import cases, reviews
from regard.storage.schema import review_notices as table

_KEPT: Final = 7 * 24 * 3_600_000  # milliseconds for which a notice is tried


def outbox_of(database: Database) -> Outbox:
    """The notices of one database. A message is JSON: the id of a review and its status, and nothing of whom
    it is about.
    """
    return Outbox(database, table, kept=_KEPT)


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
