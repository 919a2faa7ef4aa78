"""What is known of a review and its candidates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from regard.governance.examination.states import CandidateStatus, ReviewStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReviewCandidate:
    """Somebody whom a search found.

    `similarity` is in percent. `subject` names who it is, `face/` or `user/` with an id, or `box/` with a
    place in a picture. `face` is the row of the face whose picture is shown; where none is enrolled,
    `picture` is the picture, a JPEG. `entry` is the entry of the search's answer.
    """

    similarity: float
    subject: str
    entry: Mapping[str, Any]
    face: int | None = None
    picture: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedGallery:
    """What was searched: a collection as it was, or nothing that is kept. `size` is in faces or users."""

    model: str
    collection_id: str | None = None
    row: int | None = None
    version: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class ProbeQuality:
    """How well the face that was searched for is lit and focused, each 0 to 100."""

    brightness: float
    sharpness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReview:
    """A search whose candidates are to be reviewed, the most alike first.

    `scope` is what was searched, `probe` the SHA-256, hex, of what it was searched for, and `probe_picture`
    the face of it, a JPEG, None where there is none. `quality` is that face's, None where an enrolled face
    was searched for, of which it is not kept. `threshold` is in percent. In moving pictures,
    `authorization_id` is the leave that they are searched by. It has expired at `due`, in milliseconds since
    the epoch, where that is before the rules' `pending_review` is over.
    """

    case_id: str
    operation: str
    purpose: str
    scope: str
    probe: str
    probe_picture: bytes | None = field(repr=False)
    quality: ProbeQuality | None
    gallery: SearchedGallery
    threshold: float
    searcher: str
    request_id: str
    candidates: Sequence[NewReviewCandidate]
    authorization_id: str | None = None
    due: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewCandidate:
    """A candidate of a review. `number` is what clients are told, `rank` 1 the most alike."""

    number: int
    rank: int
    similarity: float
    subject: str
    face: int | None
    entry: Mapping[str, Any]
    status: CandidateStatus
    is_same: bool | None

    @property
    def name(self) -> str:
        """The id of the face or the user, or the place in a picture, that it is."""
        return self.subject.split("/", 1)[1]


@dataclass(frozen=True, slots=True)
class Review:
    """A review and its candidates, by number. Times are milliseconds since the epoch.

    `case_id` is None where the answer is known beforehand. `record` is the number of the audit record of the
    search; `reviewers` how many ratings must agree; `round` grows when the review is opened again.
    `authorization_id` is what moving pictures were searched by.
    """

    row: int
    review_id: str
    case_id: str | None
    operation: str
    purpose: str
    scope: str
    probe: str
    probe_brightness: float | None
    probe_sharpness: float | None
    collection_id: str | None
    collection: int | None
    gallery_version: int | None
    gallery_size: int | None
    model: str
    threshold: float
    searcher: str
    record: int | None
    reviewers: int
    salt: str = field(repr=False)
    status: ReviewStatus
    round: int
    opened: int
    decided: int | None
    assignee: str | None
    lease_until: int
    authorization_id: str | None
    candidates: tuple[ReviewCandidate, ...]

    def candidate(self, number: int) -> ReviewCandidate | None:
        """A candidate by its number, or None."""
        return next((one for one in self.candidates if one.number == number), None)

    @property
    def ratable(self) -> tuple[ReviewCandidate, ...]:
        """The candidates that a sheet shows."""
        return tuple(one for one in self.candidates if one.status is not CandidateStatus.NO_PICTURE)


@dataclass(frozen=True, slots=True)
class Rating:
    """What a reviewer said of a candidate: `value` from −3 to 3, and the features that it goes by."""

    number: int
    value: int
    features: tuple[str, ...] = ()
    note: str | None = None
    person_id: str = ""
    given: int = 0
    round: int = 1


_NOT_READ = {"asked", "probe_picture", "request_id", "due", "called"}


def read_review(row: RowMapping, candidates: Sequence[RowMapping]) -> Review:
    """A review from its row and those of its candidates."""
    values: dict[str, Any] = {name: value for name, value in row.items() if name not in _NOT_READ}
    status = ReviewStatus(values.pop("status"))
    return Review(**values, status=status, candidates=tuple(_candidate(one) for one in candidates))


def read_rating(row: RowMapping) -> Rating:
    """A rating from its row."""
    return Rating(
        number=row["number"],
        value=row["value"],
        features=tuple(json.loads(row["features"])),
        note=row["note"],
        person_id=row["person_id"],
        given=row["given"],
        round=row["round"],
    )


def _candidate(row: RowMapping) -> ReviewCandidate:
    return ReviewCandidate(
        number=row["number"],
        rank=row["rank"],
        similarity=row["similarity"],
        subject=row["subject"],
        face=row["face"],
        entry=json.loads(row["entry"]),
        status=CandidateStatus(row["status"]),
        is_same=row["is_same"],
    )
