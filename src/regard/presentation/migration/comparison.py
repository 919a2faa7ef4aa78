"""How the answers of two services compare: one page, and the same for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from regard.migration.shadow.report import LeavingVerdict, ReportRow, ShadowReport
from regard.presentation.numbers import digits, percent, span
from regard.presentation.pages import render
from regard.presentation.tables import Breaks, Header, Table, broken, numbers, whole
from regard.presentation.wording import count


def comparison_table(report: ShadowReport) -> Table:
    """A row for each measure, those that are worse flagged."""
    return rows_table(report.rows)


def rows_table(measured: Sequence[ReportRow]) -> Table:
    """The same of any rows."""
    headers = [
        *whole("What"),
        Header("Measure", Breaks.WORDS),
        *numbers("Of", "Value (95 %)"),
        Header("LeavingVerdict", Breaks.WORDS),
    ]
    rows = [[row.area, row.measure, f"{row.count:,}", _value(row), row.sentence] for row in measured]
    worse = frozenset(n for n, row in enumerate(measured) if row.verdict is LeavingVerdict.WORSE)
    return Table(headers, rows, worse)


def thresholds_table(report: ShadowReport) -> Table:
    """Thresholds there, and which ones here let through as many."""
    headers = numbers("There, %", "Searches", "Matches a search", "Here, %", "False match rate")
    rows = [
        [
            f"{row.threshold:g}",
            f"{row.searches:,}",
            span(row.there.value, row.there.low, row.there.high, digits),
            "lower" if row.here is None else f"{row.here:.2f}",
            "–" if row.false_match_rate is None else f"{row.false_match_rate:.1e}",
        ]
        for row in report.thresholds
    ]
    return Table(list(headers), rows)


def one_sided_table(report: ShadowReport) -> Table:
    """Labels that one side never names."""
    rows = [[one.name, f"{one.here:,}", f"{one.there:,}"] for one in report.one_sided]
    return Table([*broken("Label"), *numbers("Here", "There")], rows)


def disagreement_table(report: ShadowReport) -> Table:
    """The requests whose answers are the furthest apart."""
    rows = [[request, operation, percent(far)] for request, operation, far in report.disagreements]
    return Table([*broken("Request id"), *whole("Operation"), *numbers("Apart")], rows)


def fields_table(report: ShadowReport) -> Table:
    """Fields that only one side's answers have."""
    rows = [[path, "there alone", f"{number:,}"] for path, number in report.missing_fields]
    rows += [[path, "here alone", f"{number:,}"] for path, number in report.extra_fields]
    return Table([*broken("Field"), *whole("Side"), *numbers("Answers")], rows)


def comparison_sentences(report: ShadowReport) -> list[str]:
    """What was compared, what it cost, and what was not."""
    verdicts = [row.verdict for row in report.rows]
    said = ", ".join(f"{verdicts.count(one)} {one.value}" for one in LeavingVerdict if one in verdicts)
    found = [
        f"{count(report.compared, 'request')} were answered by both and compared for ${report.cost:.2f}."
    ]
    if said:
        found.append(f"Of {count(len(verdicts), 'measure')}: {said}.")
    if report.counts:
        listed = ", ".join(f"{number:,} {name}" for name, number in sorted(report.counts.items()))
        found.append(f"Not compared: {listed}.")
    return found


def comparison_document(report: ShadowReport, made: datetime) -> dict[str, Any]:
    """The same for programs."""
    rows = [{**asdict(row), "sentence": row.sentence} for row in report.rows]
    return {**asdict(report), "rows": rows, "cost": str(report.cost), "made": made.isoformat()}


def comparison_page(report: ShadowReport, made: datetime) -> str:
    """The report as a page that stands alone."""
    return render(
        "migration_report.html",
        title="Regard and AWS compared",
        made=f"{made:%Y-%m-%d %H:%M} UTC",
        sentences=comparison_sentences(report),
        comparison=comparison_table(report),
        thresholds=thresholds_table(report),
        one_sided=one_sided_table(report),
        disagreements=disagreement_table(report),
        fields=fields_table(report),
    )


def _value(row: ReportRow) -> str:
    if row.is_share:
        return span(row.value, row.low, row.high, percent)
    return f"{_plain(row.value, row.unit)} ({_plain(row.low, '')}–{_plain(row.high, '')})"


def _plain(value: float, unit: str) -> str:
    text = f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return f"{text}{unit}" if unit == "°" else f"{text} {unit}".strip()
