"""`/console`: what waits for whoever is signed in, and the one button that they press most."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regard.console.page import EVERYBODY, Page, PageAnswer, PageView
from regard.console.visit import PageVisit

_SHOWN: Final = 10
_UNDECIDED: Final = frozenset({"REQUESTED", "EXIGENT", "AWAITING"})  # what begins at once may lapse in hours


@dataclass(frozen=True, slots=True)
class WaitingList:
    """What waits: a heading, where it leads, and lines of a name, its address and a note."""

    heading: str
    to: str
    lines: Sequence[tuple[str, str, str]]


def _cases(visit: PageVisit) -> WaitingList:
    found = _newest(one for one in visit.every("list_cases", "Cases") if "Closed" not in one)
    lines = [(one["CaseId"], f"/console/cases/{one['CaseId']}", one["Reference"]) for one in found]
    return WaitingList(visit.say("Open cases"), "/console/cases", lines)


def _authorizations(visit: PageVisit) -> WaitingList:
    every = visit.every("list_authorizations", "Authorizations")
    lines = [
        (one["AuthorizationId"], f"/console/authorizations/{one['AuthorizationId']}", one["CaseId"])
        for one in _newest(one for one in every if one["State"] in _UNDECIDED)
    ]
    heading = visit.say("Authorizations that wait for a decision")
    return WaitingList(heading, "/console/authorizations", lines)


def _feedback(visit: PageVisit) -> WaitingList:
    heading = visit.say("Feedback that waits for an answer")
    if not visit.is_fresh:  # who asked is shown to who has just shown that it is them
        return WaitingList(heading, "/console/privacy", [(visit.say("Show them"), "/console/privacy", "")])
    lines = [
        (one["FeedbackId"], f"/console/privacy/feedback/{one['FeedbackId']}", one["Kind"])
        for one in _newest(one for one in visit.every("list_feedback", "Feedback") if "Decided" not in one)
    ]
    return WaitingList(heading, "/console/privacy", lines)


def _newest(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last of what is listed from the oldest on, the newest first."""
    return list(deque(found, _SHOWN))[::-1]


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
