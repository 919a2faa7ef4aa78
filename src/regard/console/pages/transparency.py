"""`/transparency`: what anybody may read of a month, how long what is kept, and how to hold us to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from regard.console.error_rates import shown_models
from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView
from regard.console.page_lanes import PageLane
from regard.console.visit import PageVisit

_MONTHS: Final = 36
_WORDS: Final = (
    msgid("Searches by purpose"),
    msgid("Searches that were refused"),
    msgid("Authorizations"),
    msgid("Conclusions"),
    msgid("Complaints and erasures"),
    msgid("Faces by the purpose of their collections"),
    msgid("Rules in force"),
    msgid("Purpose"),
    msgid("Why"),
    msgid("What happened"),
    msgid("Number"),
    msgid("Profiles"),
    msgid("Digest"),
    msgid("in all"),
    msgid("fewer than published"),
    msgid("law-enforcement"),
    msgid("missing-person"),
    msgid("asked for"),
    msgid("submitted to the authority after an exigent start"),
    msgid("approved"),
    msgid("ratified after an exigent start"),
    msgid("extended"),
    msgid("refused"),
    msgid("revoked"),
    msgid("leads confirmed by independent evidence"),
    msgid("leads disputed"),
    msgid("leads that were wrong"),
    msgid("reviews opened again"),
    msgid("decided"),
    msgid("erasures"),
)
"""What the report says in words of its own, so that these have translations; a profile's words stay."""


def _show(visit: PageVisit) -> PageAnswer:
    months = _months(visit)
    month = visit.query.get("month") or (months[0] if months else "")
    report: dict[str, Any] = {}
    answer: dict[str, Any] = {}
    if month:
        answer = visit.ask("get_transparency", Month=month)
        report = json.loads(answer["Report"])
    head, rates = visit.ask("get_audit_head"), visit.ask("get_error_rates")
    values = {
        "month": month,
        "months": months,
        "report": report,
        "counted": answer,
        "head": head,
        "error_rates": shown_models(rates),
        "retention": visit.ask("get_retention_schedule"),
    }
    counted = visit.written("get_transparency", answer) if answer else {}
    return PageView("transparency.html", values, {**counted, **visit.written("get_error_rates", rates)})


def _months(visit: PageVisit) -> list[str]:
    """The months that are over and that the log has, the newest first, as `2026-10`."""
    days = visit.ask("list_audit_days", MaxResults=1)["Days"]
    if not days:
        return []
    begins = str(days[0]["Date"])[:7]
    now = datetime.now(UTC)
    last = now.year * 12 + now.month - 2  # months since the year 0, from 0 on; the one before this one
    listed = [f"{one // 12:04}-{one % 12 + 1:02}" for one in range(last, last - _MONTHS, -1)]
    return [one for one in listed if one >= begins]


PAGES: Final[Sequence[Page]] = (Page(path="/transparency", show=_show, roles=None, lane=PageLane.SLOW),)
