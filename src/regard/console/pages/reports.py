"""`/console/reports`: what the law and the public ask for, counted from the audit log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, RawContent
from regard.console.page_lanes import PageLane
from regard.console.visit import PageVisit
from regard.errors import ResourceNotFoundException, ValidationException

_PATH: Final = "/console/reports"
_REPORTS: Final[Mapping[str, str]] = {
    "transparency": msgid("What the public is told"),
    "facts": msgid("Inputs for impact assessments and accountability reports"),
    "false-matches": msgid("Wrong leads: cause, consequence, who was told"),
    "schedule": msgid("Retention and destruction, from the rules in force"),
    "eu-26-10": msgid("EU AI Act, article 26(10): searches in recordings and live"),
    "eu-log": msgid("EU AI Act, article 12(3): the log's extract"),
    "us-wa": msgid("Washington: warrants"),
    "us-md": msgid("Maryland: searches and leads"),
    "us-md-audit": msgid("Maryland: the yearly audit"),
}
_FIRST_YEAR: Final = 2000


def _list(_visit: PageVisit) -> PageAnswer:
    now = datetime.now(UTC).year
    values = {"reports": _REPORTS, "years": [now, now - 1, now - 2]}
    return PageView("reports.html", values, {"Reports": list(_REPORTS)})


def _show(visit: PageVisit) -> PageAnswer:
    name, year = visit.path["name"], visit.query.get("year") or str(datetime.now(UTC).year)
    if name not in _REPORTS:
        raise ResourceNotFoundException(visit.say("There is no such report."))
    if not (year.isascii() and year.isdecimal() and _FIRST_YEAR <= int(year[:5]) < 10_000):
        raise ValidationException(visit.say("Write a year with four digits."))
    answer = visit.call("get_report", Name=name, Year=int(year))
    if visit.query.get("format") == "json":
        return RawContent(answer["Report"].encode(), "application/json", f"{name}-{year}.json")
    made: dict[str, Any] = json.loads(answer["Report"])
    values = {"made": made, "name": name, "year": year}
    return PageView("report.html", values, {**visit.written("get_report", answer), "Report": made})


_READERS: Final = frozenset({"auditor", "admin"})

PAGES: Final[Sequence[Page]] = (
    Page(path=_PATH, show=_list, roles=_READERS, title=msgid("Reports"), menu=True),
    Page(path=_PATH + "/{name}", show=_show, roles=_READERS, lane=PageLane.SLOW),
)
