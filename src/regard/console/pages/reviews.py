"""`/console/reviews/ID`: what a search has come to, for who searched, and what an approver decides on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from regard.console.page import Page, PageAnswer, PageView, RawContent, Redirect
from regard.console.pages.cases import ROLES
from regard.console.visit import PageVisit
from regard.console.wording import (
    CANDIDATE_STATES,
    CONSEQUENCES,
    EVIDENCE_KINDS,
    OUTCOMES,
    RATINGS,
    REVIEW_STATES,
    TOLD,
    choices,
)
from regard.errors import InvalidParameterException, ResourceNotFoundException, ValidationException

REVIEWS: Final = "/console/reviews"
_WAITING: Final = frozenset({"PENDING", "RATED_1", "RATED_2", "RATED_3", "RATED_4"})
_LEADS: Final = frozenset({"LEAD", "CONFIRMED", "DISPUTED", "UPHELD"})
_MILLION: Final = 1_000_000


def _show(visit: PageVisit) -> PageAnswer:
    return _review(visit)


def _review(visit: PageVisit, refusal: str | None = None) -> PageAnswer:
    review = visit.call("get_review", ReviewId=visit.path["review_id"])
    case = visit.call("get_case", CaseId=review["CaseId"])
    # A page that waits renews itself: no more is asked, and so recorded, than it shows.
    is_waiting = review["Status"] in _WAITING
    every = () if is_waiting else visit.every("list_evidence", "Evidence", CaseId=review["CaseId"])
    evidence = list(every)
    person = visit.person
    rate, size = review.get("FalseMatchRate"), review.get("GallerySize")
    values = {
        "review": review,
        "is_waiting": is_waiting,
        "is_member": person is not None and person.person_id in case["Members"],
        "may_decide": visit.has_role("approver") and visit.is_fresh,
        "must_show": visit.has_role("approver") and not visit.is_fresh,
        "leads": _LEADS,
        "evidence": _evidence_choices(visit, evidence, review["ReviewId"]),
        "review_states": REVIEW_STATES,
        "candidate_states": CANDIDATE_STATES,
        "ratings": {int(value): words for value, words in RATINGS.items()},
        "outcomes": choices(visit, OUTCOMES),
        "consequences": [("", "–"), *choices(visit, CONSEQUENCES)],
        "told": choices(visit, TOLD),
        "per_million": None if rate is None else rate * _MILLION,
        "found_wrongly": None if rate is None or size is None else 1 - (1 - rate) ** size,
        "refusal": refusal,
    }
    status = 200 if refusal is None else 422
    return PageView("reviewed.html", values, visit.written("get_review", review), status)


def _evidence_choices(
    visit: PageVisit, evidence: Sequence[Mapping[str, Any]], review_id: str
) -> Mapping[int, Sequence[tuple[str, str]]]:
    """The evidence about each candidate of a review, to choose from."""
    found: dict[int, list[tuple[str, str]]] = {}
    for item in evidence:
        if item["ReviewId"] == review_id:
            kind = visit.say(EVIDENCE_KINDS[item["Kind"]])
            words = f"{item['EvidenceId']} · {kind}: {item['Description']}"
            found.setdefault(item["Number"], []).append((item["EvidenceId"], words))
    return found


def _picture(visit: PageVisit) -> PageAnswer:
    number = visit.path["number"]
    if not number.isdecimal() or len(number) > 3:
        raise ResourceNotFoundException(visit.say("The review has no such picture."))
    review_id = visit.path["review_id"]
    picture = visit.call("get_lead_picture", ReviewId=review_id, Number=int(number))["Picture"]
    return RawContent(bytes(picture), "image/jpeg")


def _act(visit: PageVisit, operation: str, **params: Any) -> PageAnswer:
    """Does it, and shows the review again; what is asked for wrongly is said above it."""
    try:
        visit.call(operation, ReviewId=visit.path["review_id"], Reason=visit.form.get("reason"), **params)
    except (InvalidParameterException, ValidationException) as error:
        return _review(visit, error.message)
    return Redirect(visit.address)


def _number(visit: PageVisit) -> int:
    """The candidate of a form. Raises ValidationException."""
    number = visit.form.get("number")
    if not number.isdecimal() or len(number) > 3:
        raise ValidationException(visit.say("Choose the candidate that it is about."))
    return int(number)


def _withdraw(visit: PageVisit) -> PageAnswer:
    return _act(visit, "withdraw_review")


def _reopen(visit: PageVisit) -> PageAnswer:
    return _act(visit, "reopen_review")


def _confirm(visit: PageVisit) -> PageAnswer:
    evidence = visit.form.all("evidence")
    return _act(visit, "confirm_candidate", Number=_number(visit), EvidenceIds=evidence)


def _dispute(visit: PageVisit) -> PageAnswer:
    return _act(visit, "dispute_candidate", Number=_number(visit))


def _resolve(visit: PageVisit) -> PageAnswer:
    form = visit.form
    return _act(
        visit,
        "resolve_dispute",
        Number=_number(visit),
        Outcome=form.get("outcome"),
        Consequence=form.get("consequence") or None,
        Told=form.all("told") or None,
    )


PAGES: Final[Sequence[Page]] = (
    Page(
        path=REVIEWS + "/{review_id}",
        show=_show,
        acts={
            "withdraw": _withdraw,
            "reopen": _reopen,
            "confirm": _confirm,
            "dispute": _dispute,
            "resolve": _resolve,
        },
        roles=ROLES,
        title="Review of a search",
    ),
    Page(
        path=REVIEWS + "/{review_id}/pictures/{number}",
        show=_picture,
        roles=ROLES,
        title="Picture",
        is_part=True,
    ),
)
