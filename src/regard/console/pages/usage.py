"""`/console/usage`: what was used in a month, by whom, what it would have cost, and what it cost here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, RawContent
from regard.console.page_lanes import PageLane
from regard.console.visit import PageVisit
from regard.errors import ValidationException

_BY: Final[Mapping[str, str]] = {
    "operation": msgid("Operation"),
    "key": msgid("Key"),
    "person": msgid("Person"),
    "collection": msgid("Collection"),
    "purpose": msgid("Purpose"),
    "case": msgid("Case"),
    "day": msgid("Day"),
}
_COUNTS: Final[Mapping[str, str]] = {
    "ImagesOfGroup1": msgid("Images, faces"),
    "ImagesOfGroup2": msgid("Images, others"),
    "ImageProperties": msgid("Image properties"),
    "VideoMilliseconds": msgid("Video, minutes"),
    "SegmentMilliseconds": msgid("Segments, minutes"),
    "StreamMilliseconds": msgid("Streams, minutes"),
    "StreamLabelMilliseconds": msgid("Stream labels, minutes"),
    "TrainingMilliseconds": msgid("Training, minutes"),
    "InferenceMilliseconds": msgid("Custom models, minutes"),
    "LivenessChecks": msgid("Liveness checks"),
    "Requests": msgid("Requests"),
    "Refused": msgid("Refused"),
    "Errors": msgid("Errors"),
}
_PRICES: Final = ("aws-us-east-1-2026", "seed")
_MONTH: Final = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_MINUTE: Final = 60_000
_MONTHS: Final = 12


def _show(visit: PageVisit) -> PageAnswer:
    month = visit.query.get("month") or f"{datetime.now(UTC):%Y-%m}"
    by = visit.query.get("by", "operation")
    start, end = _span(visit, month)
    prices = visit.query.get("prices") or None
    answer = visit.call("get_usage", From=start, To=end, By=by, Prices=prices)
    shown = _used(answer)
    if visit.query.get("format") == "csv":
        return RawContent(_csv(answer, shown), "text/csv; charset=utf-8", f"usage-{month}-{by}.csv")
    values = {
        "month": month,
        "months": _months(),
        "by": by,
        "kinds": _BY,
        "lists": _PRICES,
        "prices": prices,
        "answer": answer,
        "columns": [(name, _COUNTS[name]) for name in shown],
        "rows": [_row(one["Name"], one["Usage"], shown, one.get("Cost")) for one in answer["Rows"]],
        "total": _row("", answer["Total"], shown, answer.get("Prices", {}).get("Cost")),
        "longest": max((one["Usage"]["Requests"] for one in answer["Rows"]), default=0),
    }
    return PageView("usage.html", values, visit.written("get_usage", answer))


def _span(visit: PageVisit, month: str) -> tuple[datetime, datetime]:
    found = _MONTH.fullmatch(month)
    if found is None or not 1971 <= int(found[1]) <= 2199:
        raise ValidationException(visit.say("Write a month as year-month, 2026-11."))
    start = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
    return start, (start + timedelta(days=32)).replace(day=1)


def _months() -> list[str]:
    """This month and those before it."""
    day, found = datetime.now(UTC).replace(day=1), []
    for _ in range(_MONTHS):
        found.append(f"{day:%Y-%m}")
        day = (day - timedelta(days=1)).replace(day=1)
    return found


def _used(answer: Mapping[str, Any]) -> list[str]:
    """The columns in which there is anything, and the requests."""
    used = [*(one["Usage"] for one in answer["Rows"]), answer["Total"]]
    return [name for name in _COUNTS if name == "Requests" or any(one[name] for one in used)]


def _row(name: str, usage: Mapping[str, int], shown: Sequence[str], cost: float | None) -> dict[str, Any]:
    counts = [usage[one] / _MINUTE if one.endswith("Milliseconds") else float(usage[one]) for one in shown]
    return {"name": name, "counts": counts, "cost": cost, "requests": usage["Requests"]}


def _csv(answer: Mapping[str, Any], shown: Sequence[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    has_costs = "Prices" in answer
    writer.writerow([answer["By"], *shown, *(["Cost"] if has_costs else [])])
    for row in answer["Rows"]:
        counts = [row["Usage"][name] for name in shown]
        writer.writerow([row["Name"], *counts, *([row["Cost"]] if has_costs else [])])
    return out.getvalue().encode()


PAGES: Final[Sequence[Page]] = (
    Page(
        path="/console/usage",
        show=_show,
        lane=PageLane.SLOW,
        roles=frozenset({"admin", "operator", "auditor"}),
        title=msgid("Usage and cost"),
        menu=True,
    ),
)
