"""`/console`: what waits for whoever is signed in, and the one button that they press most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regard.console.page import EVERYBODY, Page, PageAnswer, PageView
from regard.console.visit import PageVisit

_READ: Final = 100
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class WaitingList:
    """What waits: a heading, where it leads, and lines of a name, its address and a note."""

    heading: str
    to: str
    lines: Sequence[tuple[str, str, str]]


def _cases(visit: PageVisit) -> WaitingList:
    found = visit.call("list_cases", MaxResults=_READ)["Cases"]
    lines = [
        (one["CaseId"], f"/console/cases/{one['CaseId']}", one["Reference"])
        for one in found
        if "Closed" not in one
    ]
    return WaitingList(visit.say("Open cases"), "/console/cases", lines[:_SHOWN])


def _authorizations(visit: PageVisit) -> WaitingList:
    found = visit.call("list_authorizations", MaxResults=_READ)["Authorizations"]
    lines = [
        (one["AuthorizationId"], f"/console/authorizations/{one['AuthorizationId']}", one["CaseId"])
        for one in found
        if one["State"] == "REQUESTED"
    ]
    heading = visit.say("Authorizations that wait for a decision")
    return WaitingList(heading, "/console/authorizations", lines[:_SHOWN])


def _feedback(visit: PageVisit) -> WaitingList:
    found = visit.call("list_feedback", MaxResults=_READ)["Feedback"]
    lines = [
        (one["FeedbackId"], f"/console/privacy/feedback/{one['FeedbackId']}", one["Kind"])
        for one in found
        if "Decided" not in one
    ]
    return WaitingList(visit.say("Feedback that waits for an answer"), "/console/privacy", lines[:_SHOWN])


_WAITING: Final[Sequence[tuple[frozenset[str], Callable[[PageVisit], WaitingList]]]] = (
    (frozenset({"investigator"}), _cases),
    (frozenset({"approver"}), _authorizations),
    (frozenset({"privacy"}), _feedback),
)


def _show(visit: PageVisit) -> PageAnswer:
    waiting: list[WaitingList] = []
    for roles, listed in _WAITING:
        if not roles.isdisjoint(visit.caller.roles):
            waiting.append(listed(visit))
    data: dict[str, Any] = {
        "Waiting": [{"Heading": one.heading, "Lines": [line[0] for line in one.lines]} for one in waiting]
    }
    return PageView("home.html", {"waiting": waiting}, data)


PAGES: Final[Sequence[Page]] = (Page(path="/console", show=_show, roles=EVERYBODY, title="Home", menu=True),)
