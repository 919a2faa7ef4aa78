"""TakeReview, GetReviewSheet, GetReviewPicture, PutRatings: candidates are rated blind.

Nothing that is served before the ratings are taken holds a score, a rank, an id or a name of whom it shows,
or a date: only faces, numbered in an order that is another for each reviewer.
"""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException
from regard.governance.examination.rating import FEATURES
from regard.governance.examination.records import Rating, Review, ReviewCandidate
from regard.governance.examination.sheets import LEASE_MINUTES, sheet_order
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.governance.training import REVIEW
from regard.operations.operation import Area, Operation
from regard.vision.portraits import shown_portrait

_PROBE = 0


def take_review(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """The next sheet that the caller may rate, theirs for half an hour.

    Raises ResourceNotFoundException where there is none, AccessDeniedException for who isn't trained.
    """
    person_id = _trained(ctx)
    examination = ctx.stores.accountability.examination
    examination.reviews.expire()
    review = examination.sheets.take(person_id)
    if review is None:
        raise ResourceNotFoundException("There is nothing for you to review now.")
    return {
        "ReviewId": review.review_id,
        "Candidates": len(review.ratable),
        "Minutes": LEASE_MINUTES,
    }


def get_review_sheet(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The sheet that the caller has taken."""
    review = _held(ctx, request)
    return {
        "ReviewId": review.review_id,
        "Probe": _PROBE,
        "Candidates": list(range(1, len(review.ratable) + 1)),
        "Features": list(FEATURES),
    }


def get_review_picture(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """A picture of the sheet that the caller has taken, encoded anew."""
    review = _held(ctx, request)
    kept = ctx.stores.accountability.examination.sheets.picture(review, _trained(ctx), request["Number"])
    return {"Picture": shown_portrait(kept)}


def put_ratings(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Takes the ratings of a sheet, once and for good; then the caller is told what the face model says.

    Raises InvalidParameterException unless every candidate is rated once, ConflictException for a sheet that
    is somebody else's by now, or was rated.
    """
    review, person_id = _held(ctx, request), _trained(ctx)
    order = sheet_order(review, person_id)
    given = {one["Number"]: one for one in request["Ratings"]}
    if sorted(one["Number"] for one in request["Ratings"]) != list(range(1, len(order) + 1)):
        raise InvalidParameterException(f"Rate each of the {len(order)} candidates once.")
    ratings = [_rating(one, given[number]) for number, one in enumerate(order, 1)]

    def answer(after: Review) -> dict[str, Any]:
        return {
            "ReviewId": review.review_id,
            "Status": after.status.value,
            "Round": review.round,
            "IsKnownAnswer": review.case_id is None,
            "Rated": [
                _rated(number, given[number]["Value"], after.candidate(one.number) or one, after)
                for number, one in enumerate(order, 1)
            ],
        }

    committed = ctx.stores.accountability.examination.ratings.commit(
        review, person_id, ratings, lambda connection, after: ctx.conclude(connection, answer(after))
    )
    return answer(committed)


def _trained(ctx: Context) -> str:
    """The id of the caller, who may rate. Raises AccessDeniedException for who isn't trained to, or errs too
    often.
    """
    person = ctx.caller.person
    if person is None:
        raise AccessDeniedException("This takes a person: call with a key that is somebody's.")
    if ctx.stores.accountability.trainings.valid(person.person_id, REVIEW) is None:
        raise AccessDeniedException(
            f"{person.name} has no valid training to review; have one recorded (`regard people train`)."
        )
    known = ctx.stores.accountability.examination.known_answers
    ctx.note(error_limit=known.limit.noted)
    known.check(person)
    return person.person_id


def _held(ctx: Context, request: dict[str, Any]) -> Review:
    examination = ctx.stores.accountability.examination
    examination.reviews.expire()
    return examination.sheets.held(request["ReviewId"], _trained(ctx))


def _rating(one: ReviewCandidate, given: dict[str, Any]) -> Rating:
    return Rating(one.number, given["Value"], tuple(given.get("Features", ())), given.get("Note"))


def _rated(number: int, value: int, one: ReviewCandidate, after: Review) -> dict[str, Any]:
    shape: dict[str, Any] = {"Number": number, "Candidate": one.number, "Value": value}
    if after.case_id is None:
        return shape | {"IsSamePerson": bool(one.is_same)}
    return shape | {"Similarity": one.similarity, "Status": one.status.value}


def _operation(name: str, run: Any, *notes: str, presence: Presence = Presence.SESSION) -> Operation:
    return Operation(
        name=name,
        run=run,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.REVIEW,
        notes=notes,
        is_own=True,
        presence=presence,
    )


OPERATIONS = (
    _operation("TakeReview", take_review, "ReviewId"),
    _operation("GetReviewSheet", get_review_sheet, "ReviewId"),
    _operation("GetReviewPicture", get_review_picture, "ReviewId", "Number"),
    _operation(
        "PutRatings",
        put_ratings,
        *("ReviewId", "Status", "Round", "IsKnownAnswer", "Rated"),
        presence=Presence.VERIFIED,
    ),
)
