"""The register of wrong leads; a collection that gives too many isn't searched before somebody saw to it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from regard.errors import AccessDeniedException, ConflictException
from regard.governance.examination.records import Review, ReviewCandidate
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import false_matches as table
from regard.storage.schema import search_resumptions as resumptions


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseMatch:
    """A lead that was wrong. `similarity` in percent; `found` in milliseconds since the epoch."""

    row: int
    collection_id: str | None
    model: str
    gallery_size: int | None
    similarity: float
    cause: str
    consequence: str
    found: int


class FalseMatches:
    """The register of one database. `limit` wrong leads of a collection stop its searches."""

    def __init__(self, database: Database, limit: int) -> None:
        self._database = database
        self._limit = limit

    def all(self) -> list[FalseMatch]:
        """Every wrong lead, in the order they were found."""
        columns = [table.c[name] for name in FalseMatch.__dataclass_fields__]
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).order_by(table.c.row)).mappings()
            return [FalseMatch(**row) for row in rows]

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
    connection: Connection, review: Review, one: ReviewCandidate, *, cause: str, consequence: str
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
            consequence=consequence,
            found=milliseconds(),
        )
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
