"""ListReviews, GetReview, GetLeadPicture, WithdrawReview, ReopenReview: how the reviews of searches stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from regard.context import Context
from regard.errors import AccessDeniedException, RegardError, ResourceNotFoundException
from regard.evaluation.card import ModelCard
from regard.governance.examination.blindness import may_rate
from regard.governance.examination.records import Rating, Review, ReviewCandidate
from regard.governance.examination.reviews import review_not_found
from regard.governance.examination.states import SHOWN, ReviewStatus
from regard.governance.permissions import Permission, permits
from regard.governance.presence import Presence
from regard.operations.inputs.pagination import page_of
from regard.operations.responsibility.cases import is_of_key
from regard.operations.responsibility.declaring import responsible
from regard.operations.shapes.times import moment
from regard.vision.portraits import shown_portrait

_LISTING = "reviews"
_MAX_RESULTS = 1000
_SEES_ALL = (Permission.APPROVE, Permission.AUDIT)


def list_reviews(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The reviews that the caller may see, in the order they were opened, a page at a time."""
    accountability = ctx.stores.accountability
    # Reviews before cases: one of a case that is opened meanwhile would else be of a case that there isn't.
    reviews = accountability.examination.reviews.of_cases(request.get("CaseId"))
    members = {case.case_id: case.members for case in accountability.cases.all()}
    rated = _rated(ctx)
    numbered = [
        (review.row, review)
        for review in reviews
        if _may_see(ctx, review, members[str(review.case_id)], rated)
    ]
    found, token = page_of(_LISTING, numbered, request, _MAX_RESULTS)
    return {"Reviews": _shapes(ctx, found, members), **token}


def get_review(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """One review, as the caller may see it, and what its threshold means in its gallery."""
    review = visible_review(ctx, request["ReviewId"])
    meaning = {"GallerySize": review.gallery_size, "FalseMatchRate": _false_match_rate(ctx, review)}
    return review_shape(ctx, review) | {name: one for name, one in meaning.items() if one is not None}


def get_lead_picture(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The probe, 0, or the face of a lead. Raises ResourceNotFoundException for who isn't told whom it shows,
    for a candidate that is no lead, and for a picture that was erased.
    """
    review, number = visible_review(ctx, request["ReviewId"]), request["Number"]
    examination = ctx.stores.accountability.examination
    gone = examination.reviews.erased(review)
    leads = {
        one.number
        for one in review.candidates
        if one.status in SHOWN and (review.row, one.number) not in gone
    }
    told = not may_rate(ctx.caller) or _is_member(ctx, review)
    if not told or not leads or number not in {0, *leads}:
        raise ResourceNotFoundException(f"{review.review_id} has no lead {number} that you may see.")
    kept = examination.sheets.pictures(review).get(number)
    if kept is None:
        raise ResourceNotFoundException(f"The picture {number} of {review.review_id} was erased.")
    return {"Picture": shown_portrait(kept)}


def withdraw_review(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Ends a review of a case of one's own. Raises ConflictException for one that is decided."""
    review = own_review(ctx, request["ReviewId"])
    return review_shape(ctx, ctx.stores.accountability.examination.reviews.withdraw(review))


def reopen_review(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Has a review rated anew. Raises AccessDeniedException for who searched or rated, and
    ConflictException."""
    review = visible_review(ctx, request["ReviewId"])
    refuse_partial(ctx, review, "open it again")
    return review_shape(ctx, ctx.stores.accountability.examination.reviews.reopen(review))


def visible_review(ctx: Context, review_id: str) -> Review:
    """A review that the caller may see. Raises ResourceNotFoundException."""
    accountability = ctx.stores.accountability
    review = accountability.examination.reviews.get(review_id)
    case = None if review.case_id is None else accountability.cases.find(review.case_id)
    if case is None or not _may_see(ctx, review, case.members, _rated(ctx)):
        raise review_not_found(review_id)
    return review


def own_review(ctx: Context, review_id: str) -> Review:
    """A review of a case that the caller works on. Raises ResourceNotFoundException."""
    review = visible_review(ctx, review_id)
    case = ctx.stores.accountability.cases.find(str(review.case_id))
    if case is None or ctx.caller.person_id not in case.members:
        raise review_not_found(review_id)
    return review


def refuse_partial(ctx: Context, review: Review, act: str) -> None:
    """Raises AccessDeniedException for who searched, works on the case, or rated: another decides."""
    case = ctx.stores.accountability.cases.find(str(review.case_id))
    partial = {review.searcher, *(() if case is None else case.members)}
    partial |= ctx.stores.accountability.examination.ratings.raters(review)
    if ctx.caller.person_id in partial:
        raise AccessDeniedException(
            f"Who searched, works on the case or rated in {review.review_id} can't {act}; somebody else does."
        )


def review_shape(ctx: Context, review: Review) -> dict[str, Any]:
    """A review as answers have it, for this caller.

    Scores and ratings are told once it is decided. Who is a lead is told to the case, to approvers and to
    auditors, not to reviewers.
    """
    case = ctx.stores.accountability.cases.find(str(review.case_id))
    [shape] = _shapes(ctx, [review], {str(review.case_id): () if case is None else case.members})
    return shape


def _shapes(
    ctx: Context, reviews: Sequence[Review], members: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """Reviews as answers have them. `members` are those of their cases."""
    examination = ctx.stores.accountability.examination
    ratings = examination.ratings.of_several([one for one in reviews if one.status is ReviewStatus.DECIDED])
    gone = examination.reviews.erased(*reviews)
    is_blind = may_rate(ctx.caller)
    return [
        _shape(
            review,
            ratings.get(review.row),
            {number for row, number in gone if row == review.row},
            told=not is_blind or ctx.caller.person_id in members[str(review.case_id)],
        )
        for review in reviews
    ]


def _shape(
    review: Review, ratings: Sequence[Rating] | None, gone: AbstractSet[int], *, told: bool
) -> dict[str, Any]:
    """A review whose ratings are None until it is decided. `gone` are the numbers of the candidates whose
    faces were erased, `told` says that whose faces the others are is told.
    """
    shape = {
        "ReviewId": review.review_id,
        "CaseId": review.case_id,
        "Status": review.status.value,
        "Operation": review.operation,
        "CollectionId": review.collection_id,
        "Searcher": review.searcher,
        "Opened": moment(review.opened),
        "Decided": None if review.decided is None else moment(review.decided),
        "Reviewers": review.reviewers,
        "Round": review.round,
        "Threshold": review.threshold,
        "FaceModelVersion": review.model,
        "Candidates": [
            _candidate(one, scores=ratings is not None, who=told and one.number not in gone)
            for one in review.candidates
        ],
        "Ratings": None if ratings is None else [rating_shape(rating) for rating in ratings],
    }
    return {name: value for name, value in shape.items() if value is not None}


def rating_shape(rating: Rating) -> dict[str, Any]:
    """A rating as answers have it."""
    shape = {
        "Number": rating.number,
        "Value": rating.value,
        "PersonId": rating.person_id,
        "Features": list(rating.features),
        "Note": rating.note,
        "Given": moment(rating.given),
        "Round": rating.round,
    }
    return {name: value for name, value in shape.items() if value is not None}


def _false_match_rate(ctx: Context, review: Review) -> float | None:
    """The share of impostor pairs at the threshold, rounded down to one of the model card's; None without."""
    try:
        rates = ModelCard.load(ctx.settings.pack, review.model).rates
    except RegardError:
        return None
    measured = [one for one in rates if one.threshold <= review.threshold]
    return max(measured, key=lambda one: one.threshold).false_match.value if measured else None


def _candidate(one: ReviewCandidate, *, scores: bool, who: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {"Number": one.number, "Status": one.status.value}
    if scores:
        shape |= {"Similarity": one.similarity, "Rank": one.rank}
    if who and one.status in SHOWN:
        face, user = one.entry.get("Face", {}), one.entry.get("User", {})
        named = {
            "FaceId": face.get("FaceId"),
            "ExternalImageId": face.get("ExternalImageId"),
            "UserId": user.get("UserId"),
        }
        shape |= {name: value for name, value in named.items() if value is not None}
    return shape


def _rated(ctx: Context) -> AbstractSet[int]:
    """The rows of the reviews that the caller has rated, where they may rate at all."""
    if ctx.caller.person_id is None or not may_rate(ctx.caller):
        return frozenset()
    return ctx.stores.accountability.examination.ratings.rated_by(ctx.caller.person_id)


def _may_see(ctx: Context, review: Review, members: tuple[str, ...], rated: AbstractSet[int]) -> bool:
    """Whoever may still have to rate it blind sees nothing of it, whatever else they may. `rated` are the
    rows of those that they have rated.
    """
    if not is_of_key(ctx.caller, review.case_id):
        return False
    if ctx.caller.person_id in members:
        return True
    if may_rate(ctx.caller):
        return review.row in rated
    return any(permits(role, permission) for role in ctx.caller.roles for permission in _SEES_ALL)


def _is_member(ctx: Context, review: Review) -> bool:
    case = ctx.stores.accountability.cases.find(str(review.case_id))
    return case is not None and ctx.caller.person_id in case.members


OPERATIONS = (
    responsible("ListReviews", list_reviews, Permission.READ),
    responsible("GetReview", get_review, Permission.READ, "ReviewId"),
    responsible("GetLeadPicture", get_lead_picture, Permission.READ, "ReviewId", "Number"),
    responsible(
        "WithdrawReview",
        withdraw_review,
        Permission.OPEN_CASES,
        *("ReviewId", "CaseId", "Status", "Reason"),
    ),
    responsible(
        "ReopenReview",
        reopen_review,
        Permission.APPROVE,
        *("ReviewId", "CaseId", "Status", "Round", "Reason"),
        presence=Presence.VERIFIED,
    ),
)
