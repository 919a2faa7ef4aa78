"""When faces go by themselves: their time in the collection is over, or the person's consent is.

They are erased by the upkeep, and before anything of their collection is served, so that nobody is shown what
is past its time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from regard.collections.erasing import FaceEraser, enrolled_before, of_subject
from regard.collections.records import Collection
from regard.collections.store import CollectionStore
from regard.errors import ResourceNotFoundException
from regard.governance.privacy.consents import Consents
from regard.governance.privacy.erasures import Cause, Erasure, Reason
from regard.governance.privacy.retention import ENROLLED_FACE, Retention
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import faces

_DAY: Final = 24 * 3_600_000
_PAGE: Final = 100
_AT_ONCE: Final = 10_000  # faces of a transaction: other writers wait for it


class FaceRetention:
    """How long the faces of a database's collections are kept. Tells nothing but of collections that ask."""

    def __init__(
        self,
        database: Database,
        collections: CollectionStore,
        consents: Consents,
        eraser: FaceEraser,
        retention: Retention,
        *,
        always_consent: bool,
    ) -> None:
        """With `always_consent` every collection's faces take one, whatever its tags say."""
        self._database = database
        self._collections = collections
        self._consents = consents
        self._eraser = eraser
        self._retention = retention
        self.always_consent: Final = always_consent

    def needs_consent(self, collection: Collection) -> bool:
        """Whether each face of the collection takes a consent, by its tag or by the rules."""
        return self.always_consent or collection.consent_since is not None

    def limit(self, collection: Collection) -> int | None:
        """For how many milliseconds faces are kept, by the collection's tag or the rules; None for any."""
        by_tag = None if collection.face_days is None else collection.face_days * _DAY
        by_rules = self._retention.end(ENROLLED_FACE, 0)
        return min((one for one in (by_tag, by_rules) if one is not None), default=None)

    def permit(self, connection: Connection, row: int, subjects: list[str]) -> dict[str, str]:
        """The valid consents of people, by subject, as the transaction sees them.

        Raises AccessDeniedException, naming the first without one.
        """
        return self._consents.check(connection, row, subjects)

    def consenting(self, collection: Collection, subjects: Sequence[str]) -> frozenset[str]:
        """Those of the subjects who have a valid consent now."""
        with self._database.read() as connection:
            return frozenset(self._consents.valid(connection, collection.row, subjects, milliseconds()))

    def without_consent(self, collection: Collection, now: int) -> int:
        """How many faces the collection has of people who have no valid consent."""
        query = select(faces.c.external_image_id).where(faces.c.collection == collection.row)
        with self._database.read() as connection:
            subjects = list(connection.execute(query).scalars())
            valid = self._consents.valid(connection, collection.row, list(dict.fromkeys(subjects)), now)
        return sum(subject not in valid for subject in subjects)

    def erase_due(self, collection: Collection, now: int) -> bool:
        """Erases what of a collection is past its time at `now`; whether there was any.

        Raises ResourceNotFoundException where the collection went away.
        """
        erased = False
        limit = self.limit(collection)
        if limit is not None:
            which = enrolled_before(now - limit)
            while self._oldest(collection) <= now - limit:
                self._eraser.erase(collection, which, Reason(cause=Cause.RETENTION), limit=_AT_ONCE)
                erased = True
        if self.needs_consent(collection):
            while ended := self._consents.ended(collection.row, now, _PAGE):
                for subject in ended:
                    self.erase_subject(collection, subject, Reason(cause=Cause.CONSENT_ENDED), now)
                erased = True
        return erased

    def erase_subject(self, collection: Collection, subject: str, reason: Reason, now: int) -> Erasure:
        """Erases the faces of somebody whose consents have ended, and notes that they are gone.

        There may be none. Raises ResourceNotFoundException where the collection went away.
        """
        return self._eraser.erase(
            collection,
            of_subject(subject),
            reason,
            also=lambda connection: self._consents.note_erased(connection, collection.row, subject, now),
        )

    def erase_all_due(self, now: int) -> None:
        """The same for every collection: a task of the upkeep."""
        after = 0
        while page := self._collections.page(after=after, limit=_PAGE):
            for collection in page:
                try:
                    self.erase_due(collection, now)
                except ResourceNotFoundException:
                    continue  # deleted meanwhile
            after = page[-1].row

    def _oldest(self, collection: Collection) -> float:
        """When the first of the collection's faces was enrolled; infinity where it has none."""
        query = select(faces.c.created).where(faces.c.collection == collection.row)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(faces.c.row).limit(1)).scalar()
        return math.inf if found is None else found
