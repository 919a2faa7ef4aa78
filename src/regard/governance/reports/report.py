"""A report, as tables of what was counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from regard.governance.chain import LogHead
from regard.governance.reports.small_cells import HIDDEN

NOT_LEGAL_ADVICE: Final = (
    "This is no legal advice. Read the text that is in force; the profile says which text was read, and when."
)


@dataclass(frozen=True, slots=True)
class ReportSection:
    """One table of a report. `note` says what it doesn't hold, and why."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report on a span of time, both ends in ISO 8601, and the newest record that it was counted from."""

    name: str
    title: str
    start: str
    end: str
    head: LogHead
    sections: Sequence[ReportSection]
    notes: Sequence[str]


def as_json(report: Report) -> dict[str, Any]:
    """The report as JSON has it."""
    return asdict(report)


def counted(title: str, of: str, counts: Mapping[str, int], *, note: str = "") -> ReportSection:
    """A table of counts with their names, the largest first; a count that is not published says so."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ReportSection(title, (of, "Number"), tuple((name, shown(number)) for name, number in rows), note)


def shown(number: int) -> str:
    """A count in words of the report."""
    return "fewer than published" if number == HIDDEN else f"{number:,}"
