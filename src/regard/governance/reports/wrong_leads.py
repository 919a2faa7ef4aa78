"""The register of leads that were wrong."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Final

from regard.governance.examination.false_matches import ATTRIBUTES, TOLD, FalseMatch
from regard.governance.reports.report import Report, ReportSection, counted
from regard.governance.reports.sources import ReportSources

_CONSEQUENCES: Final = {"NONE": "none", "STOP": "a stop", "ARREST": "an arrest"}
_HEADERS: Final = (
    "Found",
    "Face model",
    "Gallery",
    "Similarity",
    "Probe: brightness, sharpness",
    "Cause",
    "Consequence",
    "Told",
)


def false_matches(basis: ReportSources) -> Report:
    """Every lead that was found to be wrong in the year: how it came about, what it led to, who was told."""
    found = [
        one for one in basis.false_matches() if basis.tally.start <= _date(one).isoformat() < basis.tally.end
    ]
    consequences = Counter(_CONSEQUENCES.get(one.consequence, one.consequence) for one in found)
    told = Counter(party.lower() for one in found for party in one.told)
    return basis.report(
        "false-matches",
        "Leads that were wrong",
        [
            ReportSection("Wrong leads", _HEADERS, tuple(map(_row, found))),
            counted("Consequences", "What it led to", dict(consequences)),
            counted(
                "Told",
                "Who",
                {party.lower(): told[party.lower()] for party in TOLD} | {"nobody": _untold(found)},
            ),
            *(_shares(basis, found, attribute) for attribute in ATTRIBUTES),
        ],
        notes=(
            "A share says who was named by wrong leads, not how often a group is mistaken: for that, "
            "everybody who was searched would have to be known by group. Error rates by group: regard "
            "models card, regard audit bias.",
        ),
    )


def _row(one: FalseMatch) -> tuple[str, ...]:
    quality = one.quality
    return (
        f"{_date(one):%Y-%m-%d}",
        one.model,
        "–" if one.gallery_size is None else f"{one.gallery_size:,}",
        f"{one.similarity:.2f} %",
        "–" if quality is None else f"{quality.brightness:.0f}, {quality.sharpness:.0f}",
        one.cause,
        _CONSEQUENCES.get(one.consequence, one.consequence),
        ", ".join(party.lower() for party in one.told) or "nobody",
    )


def _shares(basis: ReportSources, found: list[FalseMatch], attribute: str) -> ReportSection:
    """The wrong leads by one attribute of whom they named, as shares of those where it was recorded."""
    groups = Counter(one.groups[attribute] for one in found if attribute in one.groups)
    known = groups.total()
    rows = []
    for group, number in sorted(groups.items(), key=lambda item: (-item[1], item[0])):
        low, high = basis.interval(number, known)
        rows.append(
            (group, f"{number:,}", f"{100 * number / known:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %")
        )
    missing = len(found) - known
    note = f"Not recorded of {missing:,}." if missing else ""
    return ReportSection(
        f"By {attribute.lower()}", ("Group", "Wrong leads", "Share", "95 % interval"), tuple(rows), note
    )


def _untold(found: list[FalseMatch]) -> int:
    return sum(not one.told for one in found)


def _date(one: FalseMatch) -> datetime:
    """When it was found, without a time zone, as the span of a report is told."""
    return datetime.fromtimestamp(one.found / 1000, UTC).replace(tzinfo=None)
