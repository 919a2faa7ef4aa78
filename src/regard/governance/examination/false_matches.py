"""The register of wrong leads; a collection that gives too many isn't searched before somebody saw to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, RowMapping, func, insert, select

from regard.errors import AccessDeniedException, ConflictException
from regard.governance.examination.records import ProbeQuality, Review, ReviewCandidate
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import false_matches as table
from regard.storage.schema import reviews
from regard.storage.schema import search_resumptions as resumptions

TOLD: Final = ("PERSON", "DEFENCE", "PROSECUTION", "COURT", "SUPERVISOR", "PUBLIC")
"""Who may have been told that a lead was wrong; PERSON is whom it named."""
ATTRIBUTES: Final = ("AGE", "GENDER", "RACE")
"""What groups of people may be told apart by, where an agency has recorded them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What a wrong lead led to: the `consequence`, who was `told`, and the person's `groups` by attribute,
    as far as somebody has recorded them.
    """

    consequence: str
    told: Sequence[str] = ()
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseMatch:
    """A lead that was wrong. `similarity` in percent; `found` in milliseconds since the epoch.

    `quality` is the probe's, None where it wasn't measured.
    """

    row: int
    collection_id: str | None
    model: str
    gallery_size: int | None
    similarity: float
    quality: ProbeQuality | None
    cause: str
    consequence: str
    told: tuple[str, ...]
    groups: Mapping[str, str]
    found: int


class FalseMatches:
    """The register of one database. `limit` wrong leads of a collection stop its searches."""

    def __init__(self, database: Database, limit: int) -> None:
        self._database = database
        self._limit = limit

    def all(self) -> list[FalseMatch]:
        """Every wrong lead, in the order they were found."""
        query = (
            select(table, reviews.c.probe_brightness, reviews.c.probe_sharpness)
            .join(reviews, reviews.c.row == table.c.review)
            .order_by(table.c.row)
        )
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def check(self, collection: int, collection_id: str) -> None:
        """Raises AccessDeniedException where a collection gave too many wrong leads."""
        with self._database.read() as connection:
            count = _since(connection, collection)
        if count >= self._limit:
            raise AccessDeniedException(
                f"{count} leads from the collection {collection_id} were wrong; an approver sees to it and "
                "resumes its searches."
            )

    def resume(self, collection: int, collection_id: str, reason: str, by: str) -> int:
        """Lets a collection be searched again, and answers how many wrong leads had stopped it.

        Raises ConflictException where nothing has.
        """
        with self._database.write() as connection:
            count = _since(connection, collection)
            if count < self._limit:
                raise ConflictException(f"The searches of {collection_id} aren't suspended.")
            newest = connection.execute(
                select(func.max(table.c.row)).where(table.c.collection == collection)
            ).scalar_one()
            connection.execute(
                insert(resumptions).values(
                    collection=collection, after=newest, reason=reason, resumed=milliseconds(), resumed_by=by
                )
            )
        return count


def register(
    connection: Connection, review: Review, one: ReviewCandidate, *, cause: str, aftermath: Aftermath
) -> None:
    """Enters a wrong lead."""
    connection.execute(
        insert(table).values(
            review=review.row,
            number=one.number,
            collection=review.collection,
            collection_id=review.collection_id,
            model=review.model,
            gallery_size=review.gallery_size,
            similarity=one.similarity,
            cause=cause,
            consequence=aftermath.consequence,
            told=json.dumps(sorted(set(aftermath.told), key=TOLD.index)),
            groups=json.dumps(dict(aftermath.groups)),
            found=milliseconds(),
        )
    )


def _read(row: RowMapping) -> FalseMatch:
    brightness, sharpness = row["probe_brightness"], row["probe_sharpness"]
    return FalseMatch(
        row=row["row"],
        collection_id=row["collection_id"],
        model=row["model"],
        gallery_size=row["gallery_size"],
        similarity=row["similarity"],
        quality=None if brightness is None or sharpness is None else ProbeQuality(brightness, sharpness),
        cause=row["cause"],
        consequence=row["consequence"],
        told=tuple(json.loads(row["told"])),
        groups=json.loads(row["groups"]),
        found=row["found"],
    )


def _since(connection: Connection, collection: int) -> int:
    """How many wrong leads a collection gave since its searches were last resumed."""
    after = (
        select(func.coalesce(func.max(resumptions.c.after), 0))
        .where(resumptions.c.collection == collection)
        .scalar_subquery()
    )
    query = select(func.count()).where(table.c.collection == collection, table.c.row > after)
    return int(connection.execute(query).scalar_one())
