"""GetReport, GetTransparency: what the law and the public ask for, counted from the audit log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.evaluation.intervals import clopper_pearson
from regard.governance.permissions import Permission
from regard.governance.reports.contents import REPORTS, transparency
from regard.governance.reports.report import Report, as_json
from regard.governance.reports.sources import DatedViolation, ReportSources, RuleCheck
from regard.governance.reports.tally import tally
from regard.governance.rules.replay import Replay
from regard.governance.rules.sources import record_times, records_within
from regard.governance.rules.tables import unexplained
from regard.operations.operation import Area, Operation

SEARCHES: Final = (
    "CompareFaces",
    "SearchFaces",
    "SearchFacesByImage",
    "SearchUsers",
    "SearchUsersByImage",
    "StartFaceSearch",
    "StartStreamProcessor",
)
"""The operations that look for people among others; a test holds them to what operations declare."""
_PAGE: Final = 1000


def get_report(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """A report on a year of UTC, as a JSON document, with the newest record that it was counted from."""
    name = request["Name"]
    if name not in REPORTS:
        raise InvalidParameterException(f"There is no report {name[:80]}; there are {', '.join(REPORTS)}.")
    year = request["Year"]
    return _shape(REPORTS[name](_basis(ctx, datetime(year, 1, 1), datetime(year + 1, 1, 1))))


def get_transparency(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """What the public may read of a month of UTC: counts without small ones, and nobody's name.

    It is counted once an hour. Raises InvalidParameterException for a month that isn't over, since what grows
    while it is read tells of each search, and for one before the log begins.
    """
    year, month = map(int, request["Month"].split("-"))
    start = datetime(year, month, 1)
    end = datetime(year + month // 12, month % 12 + 1, 1)
    if end.replace(tzinfo=UTC) > datetime.now(UTC):
        raise InvalidParameterException("That month isn't over; name one that is.")
    published = ctx.stores.accountability.published
    begins = published.begins()
    if begins is None or request["Month"] < begins:
        raise InvalidParameterException("The log has nothing of that month; it began later.")
    return _shape(published.of(start, lambda: transparency(_basis(ctx, start, end))))


def _basis(ctx: Context, start: datetime, end: datetime) -> ReportSources:
    accountability = ctx.stores.accountability
    return ReportSources(
        tally=tally(ctx.stores.audit, start.isoformat(), end.isoformat()),
        profiles=accountability.profiles,
        searches=SEARCHES,
        collections=_collections(ctx),
        schedule=ctx.stores.privacy.retention.schedule(),
        check_rules=lambda: _check_rules(ctx),
        false_matches=accountability.examination.false_matches.all,
        interval=clopper_pearson,
    )


def _check_rules(ctx: Context) -> RuleCheck:
    """The replay of the whole log, as one moment has it and the tables."""
    replay = Replay(ctx.stores.accountability.declared)
    with ctx.stores.database.read() as connection:
        for record in records_within(connection):
            replay.take(record)
        odd = list(unexplained(connection, replay.state))
        violations = replay.end()
        times = record_times(connection, {one.sequence for one in violations})
    dated = [DatedViolation(times.get(one.sequence, ""), one) for one in violations]
    return RuleCheck(replay.state.head, dated, odd)


def _collections(ctx: Context) -> dict[str, tuple[int, int]]:
    """How many collections of each purpose there are, and how many faces in them."""
    counts: dict[str, tuple[int, int]] = {}
    after = 0
    while page := ctx.stores.collections.page(after=after, limit=_PAGE):
        for one in page:
            collections, faces = counts.get(one.purpose, (0, 0))
            counts[one.purpose] = (collections + 1, faces + one.face_count)
        after = page[-1].row
    return counts


def _shape(report: Report) -> dict[str, Any]:
    return {
        "Name": report.name,
        "Sequence": report.head.sequence,
        "Hash": report.head.hash,
        "Report": json.dumps(as_json(report)),
    }


OPERATIONS = (
    Operation(
        name="GetReport",
        run=get_report,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.AUDIT,
        notes=("Name", "Year"),
        is_own=True,
    ),
    Operation(
        name="GetTransparency",
        run=get_transparency,
        area=Area.RESPONSIBLE_USE,
        permission=None,
        is_own=True,
    ),
)
