"""`/console/audit`: the log by person, case, operation, outcome and time; its chain verified."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, RawContent
from regard.console.page_lanes import PageLane
from regard.console.visit import PageVisit
from regard.errors import ValidationException

_PATH: Final = "/console/audit"
_PAGE: Final = 50
_FIELDS: Final[Mapping[str, str]] = {
    "person": msgid("Person"),
    "case": msgid("Case"),
    "operation": msgid("Operation"),
    "collection": msgid("Collection"),
    "outcome": msgid("Outcome"),
    "key": msgid("Key"),
}


def _search(visit: PageVisit) -> PageAnswer:
    asked = {name.capitalize(): visit.query[name] for name in _FIELDS if visit.query.get(name)}
    answer = visit.call(
        "search_audit_records",
        **asked,
        From=_day(visit, "from"),
        To=_day(visit, "to", after=True),
        MaxResults=_PAGE,
        NextToken=visit.query.get("token"),
    )
    records = [_shown(one) for one in answer["Records"]]
    values = {
        "records": records,
        "token": answer.get("NextToken"),
        "fields": _FIELDS,
        "is_filtered": bool(asked or visit.query.get("from") or visit.query.get("to")),
    }
    return PageView("audit.html", values, visit.written("search_audit_records", answer))


def _shown(record: Mapping[str, Any]) -> dict[str, Any]:
    said = json.loads(record["Record"])
    pretty = json.dumps(said, indent=1, ensure_ascii=False)
    return {"number": record["Sequence"], "hash": record["Hash"], "said": said, "text": pretty}


def _day(visit: PageVisit, name: str, *, after: bool = False) -> datetime | None:
    """A day of the query: its beginning in UTC, or that of the next. Raises ValidationException."""
    text = visit.query.get(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=after)
    except (ValueError, OverflowError) as error:
        raise ValidationException(visit.say("Write a day as year-month-day, 2026-11-30.")) from error


def _verify(visit: PageVisit) -> PageAnswer:
    answer = visit.call("verify_audit_log")
    return PageView("verified.html", {"found": answer}, visit.written("verify_audit_log", answer))


def _receipt(visit: PageVisit) -> PageAnswer:
    answer = visit.call("get_audit_receipt", Record=visit.path["number"])
    written = json.dumps(visit.written("get_audit_receipt", answer), indent=2, ensure_ascii=False)
    return RawContent(written.encode(), "application/json", f"receipt-{answer['Sequence']}.json")


_AUDITOR: Final = frozenset({"auditor", "admin"})

PAGES: Final[Sequence[Page]] = (
    Page(
        path=_PATH,
        show=_search,
        acts={"verify": _verify},
        lane=PageLane.SLOW,
        roles=_AUDITOR,
        title=msgid("Audit log"),
        menu=True,
    ),
    Page(path=_PATH + "/{number}/receipt", show=_receipt, roles=_AUDITOR),
)
