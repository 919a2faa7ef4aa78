"""AddEvidence, ListEvidence, ConfirmCandidate, DisputeCandidate, ResolveDispute: what follows a lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.context import Context
from regard.errors import InvalidParameterException, ResourceNotFoundException
from regard.governance.examination.conclusions import Evidence, NewEvidence
from regard.governance.examination.false_matches import Aftermath
from regard.governance.examination.records import Review, ReviewCandidate
from regard.governance.examination.states import CandidateStatus
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.operations.inputs.pagination import page_of
from regard.operations.responsibility.cases import visible_case
from regard.operations.responsibility.declaring import responsible
from regard.operations.responsibility.reviews import own_review, refuse_partial, visible_review
from regard.operations.shapes.times import moment

_MAX_RESULTS = 1000


def add_evidence(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Adds evidence about a lead of a case of one's own. Raises ConflictException for what is no lead."""
    review = own_review(ctx, request["ReviewId"])
    if review.case_id != request["CaseId"]:
        raise ResourceNotFoundException(f"{review.review_id} is no review of {request['CaseId']}.")
    one = _candidate(review, request["Number"])
    new = NewEvidence(
        kind=request["Kind"],
        description=request["Description"],
        independent=request["Independent"],
        reference=request.get("Reference"),
        document=request.get("Digest"),
    )
    conclusions = ctx.stores.accountability.examination.conclusions
    return evidence_shape(review, conclusions.add_evidence(review, one, new, str(ctx.caller.person_id)))


def list_evidence(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The evidence about the leads of a case, by reviews and candidates, a page at a time."""
    case, examination = visible_case(ctx, request["CaseId"]), ctx.stores.accountability.examination
    reviews = {review.row: review for review in examination.reviews.of_cases(case.case_id)}
    items = [
        evidence_shape(reviews[item.review], item)
        for item in examination.conclusions.evidence_in(list(reviews))
    ]
    found, token = page_of(f"evidence {case.case_id}", enumerate(items, 1), request, _MAX_RESULTS)
    return {"Evidence": found, **token}


def confirm_candidate(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Confirms a lead by evidence. Raises AccessDeniedException for who searched or rated."""
    review = visible_review(ctx, request["ReviewId"])
    refuse_partial(ctx, review, "confirm a lead")
    one = _candidate(review, request["Number"])
    ctx.stores.accountability.examination.conclusions.confirm(
        review, one, request["EvidenceIds"], request["Reason"], str(ctx.caller.person_id)
    )
    return _now(review, one, CandidateStatus.CONFIRMED)


def dispute_candidate(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Disputes a lead."""
    review = visible_review(ctx, request["ReviewId"])
    one = _candidate(review, request["Number"])
    ctx.stores.accountability.examination.conclusions.dispute(
        review, one, request["Reason"], str(ctx.caller.person_id)
    )
    return _now(review, one, CandidateStatus.DISPUTED)


def resolve_dispute(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Ends a dispute. Raises AccessDeniedException for who searched, rated, confirmed or disputed."""
    review = visible_review(ctx, request["ReviewId"])
    refuse_partial(ctx, review, "resolve a dispute")
    one = _candidate(review, request["Number"])
    conclusions = ctx.stores.accountability.examination.conclusions
    if ctx.caller.person_id in conclusions.concluded_by(review, one.number):
        raise InvalidParameterException(
            "Who confirmed or disputed a lead can't resolve the dispute; another approver does."
        )
    outcome, consequence = CandidateStatus(request["Outcome"]), request.get("Consequence")
    if (outcome is CandidateStatus.WRONG) != (consequence is not None):
        raise InvalidParameterException("A wrong lead alone has a Consequence: NONE, STOP or ARREST.")
    told, groups = request.get("Told", []), _groups(request.get("Groups", []))
    if consequence is None and (told or groups):
        raise InvalidParameterException("A wrong lead alone has Told and Groups.")
    aftermath = None if consequence is None else Aftermath(consequence=consequence, told=told, groups=groups)
    conclusions.resolve(
        review, one, outcome, request["Reason"], str(ctx.caller.person_id), aftermath=aftermath
    )
    return _now(review, one, outcome)


def _groups(listed: Sequence[Mapping[str, str]]) -> dict[str, str]:
    groups = {one["Attribute"]: one["Group"] for one in listed}
    if len(groups) != len(listed):
        raise InvalidParameterException("Groups has an attribute twice; name each once.")
    return groups


def evidence_shape(review: Review, item: Evidence) -> dict[str, Any]:
    """An item of evidence as answers have it."""
    shape = {
        "EvidenceId": item.evidence_id,
        "CaseId": item.case_id,
        "ReviewId": review.review_id,
        "Number": item.number,
        "Kind": item.kind,
        "Description": item.description,
        "Reference": item.reference,
        "Digest": item.document,
        "Independent": item.independent,
        "Added": moment(item.added),
        "AddedBy": item.added_by,
    }
    return {name: value for name, value in shape.items() if value is not None}


def _candidate(review: Review, number: int) -> ReviewCandidate:
    one = review.candidate(number)
    if one is None:
        raise ResourceNotFoundException(f"{review.review_id} has no candidate {number}.")
    return one


def _now(review: Review, one: ReviewCandidate, status: CandidateStatus) -> dict[str, Any]:
    return {"ReviewId": review.review_id, "Number": one.number, "Status": status.value}


_OF_CANDIDATE = ("ReviewId", "Number", "Status", "Reason")
OPERATIONS = (
    responsible(
        "AddEvidence",
        add_evidence,
        Permission.OPEN_CASES,
        *("EvidenceId", "CaseId", "ReviewId", "Number", "Kind", "Reference", "Digest", "Independent"),
    ),
    responsible("ListEvidence", list_evidence, Permission.READ, "CaseId"),
    responsible(
        "ConfirmCandidate",
        confirm_candidate,
        Permission.APPROVE,
        *(*_OF_CANDIDATE, "EvidenceIds"),
        presence=Presence.VERIFIED,
    ),
    responsible("DisputeCandidate", dispute_candidate, Permission.READ, *_OF_CANDIDATE),
    responsible(
        "ResolveDispute",
        resolve_dispute,
        Permission.APPROVE,
        *(*_OF_CANDIDATE, "Outcome", "Consequence", "Told"),
        presence=Presence.VERIFIED,
    ),
)
