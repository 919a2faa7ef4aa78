"""Pictures that people are to review after moderation: HumanLoopConfig opens one record each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.exc import IntegrityError

from regard.errors import InvalidParameterException
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import moderation_reviews as table


@dataclass(frozen=True, slots=True)
class ModerationReview:
    """One picture to be reviewed.

    `loop_name` is unique; `flow_definition` is the ARN that the client gave; `image_digest` the SHA-256, hex,
    of the picture, which is not kept; `labels` those that were answered, `classifiers` what the client says
    of the picture, both as in the API.
    """

    loop_name: str
    flow_definition: str
    image_digest: str
    reasons: Sequence[str]
    labels: Sequence[dict[str, Any]]
    classifiers: Sequence[str]
    request_id: str


class ModerationReviews:
    """The reviews of one database. What a method has answered survives a crash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, review: ModerationReview) -> ModerationReview:
        """Opens a review, or answers the one of the same name, flow and picture, which was opened before.

        Raises InvalidParameterException where the name belongs to another picture or flow.
        """
        row = {
            "loop_name": review.loop_name,
            "flow_definition": review.flow_definition,
            "image_digest": review.image_digest,
            "reasons": json.dumps(list(review.reasons)),
            "labels": json.dumps(list(review.labels)),
            "classifiers": json.dumps(list(review.classifiers)),
            "request_id": review.request_id,
            "created": milliseconds(),
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(table).values(row))
            return review
        except IntegrityError:
            with self._database.read() as connection:
                earlier = _find(connection, review.loop_name)
        same = earlier is not None and (earlier.flow_definition, earlier.image_digest) == (
            review.flow_definition,
            review.image_digest,
        )
        if earlier is None or not same:
            raise InvalidParameterException(
                f"There is a human loop named {review.loop_name} already, for another image or flow."
            )
        return earlier

    def page(self, *, after: int = 0, limit: int) -> list[ModerationReview]:
        """Reviews in the order they were opened, those behind row `after`."""
        query = select(table).where(table.c.row > after).order_by(table.c.row).limit(limit)
        with self._database.read() as connection:
            return [_review(row) for row in connection.execute(query).mappings()]


def _find(connection: Connection, loop_name: str) -> ModerationReview | None:
    row = connection.execute(select(table).where(table.c.loop_name == loop_name)).mappings().first()
    return None if row is None else _review(row)


def _review(row: RowMapping) -> ModerationReview:
    return ModerationReview(
        loop_name=row["loop_name"],
        flow_definition=row["flow_definition"],
        image_digest=row["image_digest"],
        reasons=json.loads(row["reasons"]),
        labels=json.loads(row["labels"]),
        classifiers=json.loads(row["classifiers"]),
        request_id=row["request_id"],
    )
