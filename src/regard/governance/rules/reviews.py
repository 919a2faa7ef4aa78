"""Rules of reviews: no lead without its ratings, nothing confirmed without evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Final

from regard.governance.examination.measured import ErrorLimit
from regard.governance.profiles import load_profiles
from regard.governance.purpose import strict_of
from regard.governance.rules.known_errors import KnownErrors, noted_limit
from regard.governance.rules.known_reviews import leads_of, ratings_of
from regard.governance.rules.rule import LogRecord, Rule
from regard.governance.rules.state import LogState
from regard.governance.training import REVIEW

_LISTS: Final = ("FaceMatches", "UserMatches")
_REVIEWED: Final = ("SearchFaces", "SearchFacesByImage", "SearchUsers", "SearchUsersByImage", "CompareFaces")
_RATES: Final = ("TakeReview", "PutRatings")
_SAME: Final = 2


def _is_reviewed(state: LogState, record: LogRecord) -> Iterator[str]:
    """From the first review on: older versions had none."""
    strict = strict_of(str(record.said.get("purpose")))
    if not state.reviews or not record.is_done or strict is None or record.operation not in _REVIEWED:
        return
    results = record.said.get("results")
    listed = results if isinstance(results, dict) else {}
    if any(listed.get(name) for name in _LISTS) and not record.said.get("review"):
        yield f"{record.operation} answered candidates under the purpose {strict} without a review"


def _is_rated(state: LogState, record: LogRecord) -> Iterator[str]:
    if record.operation != "PutRatings" or not record.is_done or record.facts.get("IsKnownAnswer"):
        return
    review_id, person = str(record.facts.get("ReviewId")), str(record.said.get("person"))
    known = state.reviews.get(review_id)
    if known is None:
        yield f"it rates {review_id}, which no search opened"
        return
    if person == known.searcher:
        yield f"{person} rated the own search, {review_id}"
    if person in known.raters:
        yield f"{person} rated {review_id} twice"
    trainings = state.trainings.get(person, ())
    if not any(one.kind == REVIEW and one.until > record.began for one in trainings):
        at = datetime.fromtimestamp(record.began / 1000, UTC)
        yield f"{person} rated {review_id}, and had no valid training to on {at:%Y-%m-%d}"
    given = [*known.ratings, *ratings_of(record)]
    current = given[-1].round if given else 0
    needed = max(known.reviewers, _needed_by_base(known.purpose))
    for candidate in leads_of(record):
        sure = {
            one.person
            for one in given
            if one.candidate == candidate and one.round == current and one.value >= _SAME
        }
        if len(sure) < needed:
            yield f"candidate {candidate} of {review_id} became a lead by {len(sure)} of {needed} ratings"


def _is_proficient(state: LogState, record: LogRecord) -> Iterator[str]:
    said = noted_limit(record)
    if record.operation not in _RATES or not record.is_done or said is None:
        return
    person = str(record.said.get("person"))
    known, always = state.errors.get(person, KnownErrors()), _error_limit_of_base()
    limit = ErrorLimit(pairs=min(said.pairs, always.pairs), percent=min(said.percent, always.percent))
    if limit.is_passed(known.wrong, known.pairs):
        yield f"{person} rated, who had got {known.wrong} of {known.pairs} known pairs wrong"


def _is_confirmed(state: LogState, record: LogRecord) -> Iterator[str]:
    if record.operation != "ConfirmCandidate" or not record.is_done:
        return
    review_id, person = str(record.facts.get("ReviewId")), str(record.said.get("person"))
    known = state.reviews.get(review_id)
    if known is None:
        yield f"it confirms somebody in {review_id}, which no search opened"
        return
    if person == known.searcher or person in known.raters:
        yield f"{person} confirmed a lead of {review_id}, and searched or rated there"
    named = record.facts.get("EvidenceIds")
    number = record.facts.get("Number")
    if not any(known.evidence.get(str(one)) == number for one in (named if isinstance(named, list) else [])):
        yield f"candidate {number} of {review_id} was confirmed without independent evidence"


@cache
def _needed_by_base(purpose: str) -> int:
    """What no profile makes laxer: how many ratings must agree, whatever a record says."""
    return load_profiles("").rules.reviewers.get(purpose, 1)


@cache
def _error_limit_of_base() -> ErrorLimit:
    return ErrorLimit.of(load_profiles("").rules.reviewer_error)


RULES = (
    Rule("reviews", "A search under a strict purpose that finds somebody has its review.", _is_reviewed),
    Rule(
        "ratings",
        "A lead has the ratings of as many trained people as it takes, of whom none searched.",
        _is_rated,
    ),
    Rule("proficiency", "Nobody rates who errs too often, before they are trained again.", _is_proficient),
    Rule(
        "confirmation",
        "A lead is confirmed by independent evidence and somebody who neither searched nor rated.",
        _is_confirmed,
    ),
)
