"""`/console/privacy/holds`: cases that two people keep beyond their time, and how long what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from regard.console.dates import read_end
from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.visit import PageVisit

_READ: Final = 1000
_STATES: Final = {
    "ASKED": msgid("Asked for: another person has to confirm it"),
    "HELD": msgid("Held"),
    "RELEASING": msgid("Its end is asked for: another person has to confirm it"),
}


def _show(visit: PageVisit) -> PageAnswer:
    held = [case for case in _cases(visit) if "HoldState" in case]
    values = {"held": held, "states": _STATES, "retention": visit.ask("get_retention_schedule")}
    return PageView("holds.html", values, visit.written("list_cases", {"Cases": held}))


def _cases(visit: PageVisit) -> Iterator[Mapping[str, Any]]:
    token: str | None = None
    while True:
        answer = visit.call("list_cases", MaxResults=_READ, NextToken=token)
        yield from answer["Cases"]
        token = answer.get("NextToken")
        if token is None:
            return


def _hold(visit: PageVisit) -> PageAnswer:
    until = visit.form.get("until")
    visit.call(
        "hold_case",
        CaseId=visit.form.get("case"),
        Hold=True,
        Basis=visit.form.get("basis"),
        Until=read_end(visit, until) if until else None,
    )
    return Redirect(visit.address)


def _release(visit: PageVisit) -> PageAnswer:
    visit.call("hold_case", CaseId=visit.form.get("case"), Hold=False, Basis=visit.form.get("basis"))
    return Redirect(visit.address)


PAGES: Final[Sequence[Page]] = (
    Page(
        path="/console/privacy/holds",
        show=_show,
        acts={"hold": _hold, "release": _release},
        roles=frozenset({"privacy", "approver"}),
        title="Holds and retention",
        menu=True,
    ),
)
