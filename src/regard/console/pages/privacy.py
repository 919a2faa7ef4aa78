"""`/console/privacy`: what people ask and complain of; one matter, and what is decided of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.visit import PageVisit
from regard.console.wording import FEEDBACK_KINDS, FEEDBACK_STATES
from regard.errors import ResourceNotFoundException

PRIVACY: Final = frozenset({"privacy"})
_READ: Final = 1000
_SHOWN: Final = 50


def _list(visit: PageVisit) -> PageAnswer:
    """The matters that wait, by when they are due; or those that are answered, a page at a time."""
    answered = "answered" in visit.query
    token: str | None = None
    if answered:
        answer = visit.call("list_feedback", MaxResults=_SHOWN, NextToken=visit.query.get("token"))
        matters, token = [one for one in answer["Feedback"] if "Decided" in one], answer.get("NextToken")
    else:
        matters = sorted((one for one in _matters(visit) if "Decided" not in one), key=_due)
    values = {
        "matters": matters,
        "answered": answered,
        "next_token": token,
        "kinds": FEEDBACK_KINDS,
        "states": FEEDBACK_STATES,
    }
    return PageView("privacy.html", values, visit.written("list_feedback", {"Feedback": matters}))


def _matters(visit: PageVisit) -> Iterator[Mapping[str, Any]]:
    token: str | None = None
    while True:
        answer = visit.call("list_feedback", MaxResults=_READ, NextToken=token)
        yield from answer["Feedback"]
        token = answer.get("NextToken")
        if token is None:
            return


def _due(matter: Mapping[str, Any]) -> datetime:
    due: datetime = matter["Due"]
    return due


def _show(visit: PageVisit) -> PageAnswer:
    return _shown(visit)


def _shown(visit: PageVisit, **found: Any) -> PageView:
    feedback_id = visit.path["id"]
    matter = next((one for one in _matters(visit) if one["FeedbackId"] == feedback_id), None)
    if matter is None:
        raise ResourceNotFoundException(visit.say("There is no such feedback."))
    values = {
        "matter": matter,
        "kinds": FEEDBACK_KINDS,
        "states": FEEDBACK_STATES,
        "collections": collections(visit),
        "searched": None,
        **found,
    }
    return PageView("privacy_feedback.html", values, visit.written("list_feedback", {"Feedback": [matter]}))


def collections(visit: PageVisit) -> Sequence[str]:
    """The names of collections, to choose from: the first thousand."""
    names: Sequence[str] = visit.call("list_collections", MaxResults=_READ)["CollectionIds"]
    return names


def _step(decision: str) -> Callable[[PageVisit], PageAnswer]:
    def step(visit: PageVisit) -> PageAnswer:
        reason = visit.form.get("why") or None
        visit.call("decide_feedback", FeedbackId=visit.path["id"], Decision=decision, Reason=reason)
        return Redirect(visit.address)

    return step


def _answer(visit: PageVisit) -> PageAnswer:
    form = visit.form
    visit.call(
        "decide_feedback",
        FeedbackId=visit.path["id"],
        Decision=form.get("decision"),
        Answer=form.get("answer") or None,
        Reason=form.get("reason") or None,
        ComplainTo=form.get("complain_to") or None,
        ReceiptIds=form.get("receipts").split() or None,
    )
    return Redirect(visit.address)


def _search(visit: PageVisit) -> PageAnswer:
    collection = visit.form.get("collection")
    answer = visit.call("search_feedback", FeedbackId=visit.path["id"], CollectionId=collection)
    return _shown(visit, searched={"collection": collection, "matches": answer["Matches"]})


PAGES: Final[Sequence[Page]] = (
    Page(path="/console/privacy", show=_list, roles=PRIVACY, title="Privacy", menu=True),
    Page(
        path="/console/privacy/feedback/{id}",
        show=_show,
        acts={
            "identified": _step("IDENTIFIED"),
            "unidentified": _step("UNIDENTIFIED"),
            "extend": _step("EXTENDED"),
            "answer": _answer,
            "search": _search,
        },
        roles=PRIVACY,
    ),
)
