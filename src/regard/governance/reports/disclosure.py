"""The packet of a case for court and defence: every search, everybody it found, who judged them and how.

It holds what a defence asks for: the probe as it was analysed, all candidates with rank and similarity, the
gallery as it was, who searched and rated and their training, the ratings, what confirmed them, and the audit
log's records on the case with their receipts. Of candidates that people haven't judged it tells no more than
the answer of the search did, to whomever it is handed: the packet is no way around the reviewers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence, Set
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from regard.governance.audit import AuditLog
from regard.governance.cases import Case
from regard.governance.examination.examination import Examination
from regard.governance.examination.records import Review, ReviewCandidate
from regard.governance.examination.states import WAITING, ReviewStatus
from regard.governance.people import People
from regard.governance.proof.receipts import Receipt, make_receipt
from regard.governance.proof.seals import Seals
from regard.governance.training import Trainings


@dataclass(frozen=True, slots=True)
class Packet:
    """`document` is JSON. `pictures` are JPEGs by their names, which the document gives."""

    document: dict[str, Any]
    pictures: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Makes packets from what a database holds."""

    examination: Examination
    people: People
    trainings: Trainings
    audit: AuditLog
    seals: Seals

    def packet(self, case: Case) -> Packet:
        """The packet of one case, as it is now.

        Of a review that isn't decided, scores and ratings are withheld, and who a candidate is whom nobody
        has judged.
        """
        head = self.audit.newest()
        reviews = self.examination.reviews.of_cases(case.case_id)
        pictures: dict[str, bytes] = {}
        searches = [self._search(one, pictures) for one in reviews]
        named = {case.case_id, *(one.review_id for one in reviews)}
        waiting = {one.review_id for one in reviews if one.status is not ReviewStatus.DECIDED}
        receipts = [self._receipt(sequence) for sequence in self._records_on(named, waiting)]
        document = {
            "case": _dated(_told_of(case), "opened", "closed"),
            "searches": searches,
            "people": self._people(case, reviews),
            "records": receipts,
            "head": asdict(head),
            "withheld_until_decided": sorted(waiting),
            "counted": {
                "searches_with_candidates": len(reviews),
                "candidates": sum(len(one.candidates) for one in reviews),
                "records": len(receipts),
            },
        }
        return Packet(document, pictures)

    def _search(self, review: Review, pictures: dict[str, bytes]) -> dict[str, Any]:
        """A search, what it found, and what became of each candidate."""
        judged = {0, *(one.number for one in review.candidates if one.status not in WAITING)}
        for number, picture in self.examination.sheets.pictures(review).items():
            if number in judged:
                pictures[_picture_name(review, number)] = picture
        return {
            "review": review.review_id,
            "operation": review.operation,
            "searched_at": _date(review.opened),
            "searcher": review.searcher,
            "record": review.record,
            "probe": {
                "sha256": review.probe,
                "picture": self._named(review, 0, pictures),
                "brightness": review.probe_brightness,
                "sharpness": review.probe_sharpness,
            },
            "gallery": {
                "collection": review.collection_id,
                "version": review.gallery_version,
                "size": review.gallery_size,
                "face_model": review.model,
            },
            "threshold": review.threshold,
            "status": review.status,
            "ratings_that_must_agree": review.reviewers,
            "candidates": [
                self._candidate(review, one, pictures)
                for one in sorted(review.candidates, key=lambda one: one.rank)
            ],
        }

    def _candidate(self, review: Review, one: ReviewCandidate, pictures: dict[str, bytes]) -> dict[str, Any]:
        conclusions, is_decided = self.examination.conclusions, review.status is ReviewStatus.DECIDED
        return {
            "number": one.number,
            "rank": one.rank if is_decided else None,
            "similarity": one.similarity if is_decided else None,
            "subject": None if one.status in WAITING else one.subject,
            "picture": self._named(review, one.number, pictures),
            "status": one.status,
            "ratings": [
                {
                    "reviewer": rating.person_id,
                    "value": rating.value,
                    "features": list(rating.features),
                    "note": rating.note,
                    "given": _date(rating.given),
                    "round": rating.round,
                }
                for rating in self.examination.ratings.of(review)
                if is_decided and rating.number == one.number
            ],
            "evidence": [_dated(asdict(item), "added") for item in conclusions.evidence(review, one.number)],
            "conclusions": [_dated(asdict(item), "concluded") for item in conclusions.of(review, one.number)],
        }

    def _people(self, case: Case, reviews: Sequence[Review]) -> list[dict[str, Any]]:
        """Everybody who worked on the case or judged its candidates, and what they were trained in."""
        named = {*case.members, *(one.searcher for one in reviews)}
        for review in reviews:
            named |= self.examination.ratings.raters(review)
            for one in review.candidates:
                named |= self.examination.conclusions.concluded_by(review, one.number)
        return [
            {
                "person": person_id,
                "name": self.people.get(person_id).name,
                "training": [
                    _dated(asdict(one), "completed", "until", "recorded")
                    for one in self.trainings.of(person_id)
                ],
            }
            for person_id in sorted(named)
        ]

    def _records_on(self, named: Set[str], waiting: Set[str]) -> Iterator[int]:
        """The numbers of the log's records on a case or one of its reviews, which are named by their ids.

        Those of ratings are left out where the review is `waiting`.
        """
        with closing(self.audit.pages()) as pages:
            for page in pages:
                for sequence, text, _ in page:
                    if any(one in text for one in named):
                        record = json.loads(text)
                        if _is_on(record, named) and not _rates(record, waiting):
                            yield sequence

    def _receipt(self, sequence: int) -> dict[str, Any]:
        receipt: Receipt | None = make_receipt(self.audit, self.seals, sequence)
        return {} if receipt is None else asdict(receipt)

    def _named(self, review: Review, number: int, pictures: dict[str, bytes]) -> str | None:
        name = _picture_name(review, number)
        return name if name in pictures else None


def _picture_name(review: Review, number: int) -> str:
    return f"{review.review_id}-{'probe' if number == 0 else number}.jpg"


def _is_on(record: dict[str, Any], named: Set[str]) -> bool:
    facts = record.get("facts", {})
    said = (record.get("case"), record.get("review"), facts.get("CaseId"), facts.get("ReviewId"))
    return any(one in named for one in said)


def _told_of(case: Case) -> dict[str, Any]:
    """A case without whom it tells of its reviews."""
    return {name: value for name, value in asdict(case).items() if not name.startswith("channel")}


def _rates(record: dict[str, Any], reviews: Set[str]) -> bool:
    """Whether a record tells how somebody rated in one of these reviews, and so what the scores are."""
    return record.get("operation") == "PutRatings" and record.get("facts", {}).get("ReviewId") in reviews


def _dated(values: dict[str, Any], *times: str) -> dict[str, Any]:
    """The values, with these of them as dates."""
    return values | {name: _date(values[name]) for name in times if values[name] is not None}


def _date(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
