"""How a review is opened, within the transaction of whatever found somebody."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, distinct, func, insert, select, update

from regard.governance.examination.finding import find_all, find_one
from regard.governance.examination.records import NewReview, NewReviewCandidate, Review
from regard.governance.examination.states import CandidateStatus, ReviewStatus, after_ratings
from regard.governance.profiles import Rules
from regard.storage.clock import milliseconds
from regard.storage.encryption import Cipher
from regard.storage.numbering import next_id
from regard.storage.schema import candidates, face_crops, ratings, reviews


def open_review(connection: Connection, new: NewReview, cipher: Cipher, rules: Rules) -> Review | None:
    """The review of a search: a new one, or the one that the same search has opened before; None where
    nobody is to be reviewed.

    The same is what looks for the same probe in the same place on the same case, whatever the threshold, and
    in moving pictures by the same authorization. A review that was withdrawn goes on as it was, with its
    candidates and ratings: nobody learns more by asking, withdrawing and asking again. Whoever was rejected
    for that probe on that case is no candidate any more. The transaction has the turn AUDIT, and its caller
    writes the audit record and keeps the record's number.
    """
    asked = _asked(new)
    earlier = find_one(connection, reviews.c.asked == asked)
    found = _admissible(connection, new, rules.candidates)
    if earlier is not None and _is_superseded(connection, earlier, found):
        connection.execute(
            update(reviews).where(reviews.c.row == earlier.row).values(asked=None, probe_picture=None)
        )
        earlier = None
    if earlier is not None and earlier.status is ReviewStatus.WITHDRAWN:
        return _take_up(connection, earlier, new, cipher)
    if earlier is None and found:
        return _insert(connection, new, found, asked, cipher, rules.reviewers[new.purpose])
    return earlier


def shuffled(count: int) -> list[int]:
    """The numbers from 1 to `count` in an order that nobody can foretell."""
    numbers = list(range(1, count + 1))
    secrets.SystemRandom().shuffle(numbers)
    return numbers


def _asked(new: NewReview) -> str:
    by = [] if new.authorization_id is None else [new.authorization_id]
    return hashlib.sha256(json.dumps([new.case_id, new.scope, new.probe, *by]).encode()).hexdigest()


def _admissible(connection: Connection, new: NewReview, limit: int) -> list[NewReviewCandidate]:
    """The candidates that may be reviewed, `limit` at most."""
    query = (
        select(candidates.c.subject)
        .join(reviews, reviews.c.row == candidates.c.review)
        .where(
            reviews.c.case_id == new.case_id,
            reviews.c.probe == new.probe,
            candidates.c.status == CandidateStatus.REJECTED,
        )
    )
    rejected = set(connection.execute(query).scalars())
    found = [one for one in new.candidates if one.subject not in rejected]
    return found[:limit]


def _is_superseded(connection: Connection, earlier: Review, found: Sequence[NewReviewCandidate]) -> bool:
    """Whether a review without pictures makes room, since somebody was enrolled anew with one."""
    return earlier.status is ReviewStatus.NO_PICTURE and any(_has_picture(connection, one) for one in found)


def _take_up(connection: Connection, withdrawn: Review, new: NewReview, cipher: Cipher) -> Review:
    """A review that was withdrawn, waiting again where it stood; its time begins anew."""
    count = select(func.count(distinct(ratings.c.person_id))).where(
        ratings.c.review == withdrawn.row, ratings.c.round == withdrawn.round
    )
    is_rated = new.probe_picture is not None and bool(withdrawn.ratable)
    status = after_ratings(connection.execute(count).scalar_one())
    connection.execute(
        update(reviews)
        .where(reviews.c.row == withdrawn.row)
        .values(
            status=status if is_rated else ReviewStatus.NO_PICTURE,
            probe_picture=_encrypted(new.probe_picture, withdrawn.review_id, cipher),
            opened=milliseconds(),
            due=new.due,
            called=None,
        )
    )
    [taken_up] = find_all(connection, reviews.c.row == withdrawn.row)
    return taken_up


def _encrypted(picture: bytes | None, review_id: str, cipher: Cipher) -> bytes | None:
    return None if picture is None else cipher.encrypt(picture, review_id)


def _insert(
    connection: Connection,
    new: NewReview,
    found: Sequence[NewReviewCandidate],
    asked: str,
    cipher: Cipher,
    reviewers: int,
) -> Review:
    now = milliseconds()
    review_id = next_id(connection, "R", now)
    shown = [_has_picture(connection, one) for one in found]
    rated = new.probe_picture is not None and any(shown)
    row: int = connection.execute(
        insert(reviews)
        .values(
            review_id=review_id,
            case_id=new.case_id,
            operation=new.operation,
            purpose=new.purpose,
            scope=new.scope,
            asked=asked,
            probe=new.probe,
            probe_picture=_encrypted(new.probe_picture, review_id, cipher),
            probe_brightness=None if new.quality is None else new.quality.brightness,
            probe_sharpness=None if new.quality is None else new.quality.sharpness,
            collection_id=new.gallery.collection_id,
            collection=new.gallery.row,
            gallery_version=new.gallery.version,
            gallery_size=new.gallery.size,
            model=new.gallery.model,
            threshold=new.threshold,
            searcher=new.searcher,
            request_id=new.request_id,
            reviewers=reviewers,
            salt=secrets.token_hex(32),
            status=ReviewStatus.PENDING if rated else ReviewStatus.NO_PICTURE,
            opened=now,
            due=new.due,
            authorization_id=new.authorization_id,
        )
        .returning(reviews.c.row)
    ).scalar_one()
    rows: list[dict[str, Any]] = [
        {
            "review": row,
            "number": number,
            "rank": rank,
            "similarity": one.similarity,
            "subject": one.subject,
            "face": one.face,
            "picture": _encrypted(one.picture, review_id, cipher),
            "entry": json.dumps(one.entry),
            "status": CandidateStatus.PENDING_REVIEW if rated and has else CandidateStatus.NO_PICTURE,
        }
        for rank, (number, one, has) in enumerate(zip(shuffled(len(found)), found, shown, strict=True), 1)
    ]
    connection.execute(insert(candidates), rows)
    [made] = find_all(connection, reviews.c.row == row)
    return made


def _has_picture(connection: Connection, one: NewReviewCandidate) -> bool:
    if one.picture is not None:
        return True
    if one.face is None:
        return False
    query = select(face_crops.c.face).where(face_crops.c.face == one.face)
    return connection.execute(query).first() is not None
