"""Reviews of whom searches in moving pictures found, in films and live, each by an authorization."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, update

from regard.governance.audit import AuditLog
from regard.governance.examination.duty import call_reviewers
from regard.governance.examination.opening import open_review
from regard.governance.examination.purging import purge_found
from regard.governance.examination.records import NewReview, Review
from regard.governance.examination.states import ReviewStatus
from regard.governance.profiles import Rules
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import reviews

OPENED: Final = "open review"
"""What the audit log calls it, a command's record: no request of its own opens such a review."""


class FoundReviews:
    """The reviews of one database that searches in moving pictures open, one for each person they found."""

    def __init__(self, database: Database, audit: AuditLog, cipher: Cipher, rules: Rules) -> None:
        self._database = database
        self._audit = audit
        self._cipher = cipher
        self._rules = rules

    def open(self, connection: Connection, new: NewReview, **about: Any) -> Review | None:
        """Opens the review of one person whom a search in a film or a live stream found, and writes its audit
        record, in the transaction that keeps what was found; so neither is ever there without the others.

        The transaction is begun by `database.write(turn=Turn.AUDIT)`. `new.probe_picture` is the person as
        the film shows them (`vision.portraits.cut_portrait`), `new.probe` its SHA-256, `new.candidates` whom
        they resemble, the most alike first, `new.authorization_id` the leave that it is searched by, and
        `new.due`, of an alert, when it has expired if nobody has judged it, in milliseconds since the epoch.
        `about` is what else the record says: the job, or the stream and its session, and the searcher's key.

        Answers the review; the one that is there already where the same probe was found before by the same
        authorization; None where `new` has no candidates, or they were rejected for this probe on this case.
        Its `review_id` is all that may be kept of the matches beside it, and all that is told of them before
        people have judged: `candidates` tell by then who they are (`states.SHOWN`).
        """
        review = open_review(connection, new, self._cipher, self._rules)
        if review is None:
            return None
        head = self._audit.append_within(connection, _record(new, review, about))
        if review.record is None:
            connection.execute(
                update(reviews).where(reviews.c.row == review.row).values(record=head.sequence)
            )
        call_reviewers(connection, self._audit, review)
        return review

    def encrypt(self, portrait: bytes, name: str) -> bytes:
        """A portrait as it may be kept while the person is followed; `decrypt` takes the same name."""
        return self._cipher.encrypt(portrait, name)

    def decrypt(self, kept: bytes, name: str) -> bytes:
        """A portrait that was kept. Raises RegardError where the key or the name is another."""
        return self._cipher.decrypt(kept, name)

    def erase(self, authorization_id: str) -> list[str]:
        """Erases what the reviews of a void authorization hold of people; those that wait are withdrawn.

        Answers their ids. It may be done again.
        """
        of_authorization = reviews.c.authorization_id == authorization_id
        with self._database.write() as connection:
            erased = purge_found(connection, of_authorization, ReviewStatus.WITHDRAWN)
        self._database.forget()
        return erased


def _record(new: NewReview, review: Review, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "operation": OPENED,
        "review": review.review_id,
        "case": new.case_id,
        "person": new.searcher,
        "purpose": new.purpose,
        "collection": new.gallery.collection_id,
        "threshold": new.threshold,
        "authorization": new.authorization_id,
        "request_id": new.request_id,
        "search": new.operation,
        "probe": new.probe,
        "gallery": {
            "model": new.gallery.model,
            "version": new.gallery.version,
            "size": new.gallery.size,
        },
        "candidates": len(review.candidates),
        "reviewers": review.reviewers,
        **({} if new.due is None else {"due": new.due}),
        **about,
    }
