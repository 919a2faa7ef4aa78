"""How what two services found in films compares."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from regard.migration.shadow.rows import LeavingVerdict
from regard.migration.videos.records import FilmComparison
from regard.migration.videos.report import VideoReport
from regard.presentation.tables import Breaks, Header, Table, broken, numbers, whole
from regard.presentation.wording import count


def films_table(report: VideoReport) -> Table:
    """A row for each analysis of each film, those that failed at either flagged."""
    headers = [
        *broken("Film"),
        *whole("Analysis"),
        *numbers("There", "Here"),
        Header("How it compares", Breaks.WORDS),
    ]
    rows = [
        [one.film, one.analysis, _found(one, is_here=False), _found(one, is_here=True), _compared(one)]
        for one in report.comparisons
    ]
    failed = frozenset(n for n, one in enumerate(report.comparisons) if not one.is_compared)
    return Table(headers, rows, failed)


def video_sentences(report: VideoReport) -> list[str]:
    """What was compared, and what it took of the other service."""
    both = [one for one in report.comparisons if one.is_compared]
    said = [
        f"{count(len(both), 'job')} on {count(report.films, 'film')} ended well at both services, "
        f"{len(report.comparisons) - len(both):,} at one of them alone or at neither."
    ]
    if report.minutes_there:
        said.append(f"The other service analysed {report.minutes_there:.1f} minutes, as it bills them.")
    verdicts = [row.verdict for row in report.rows]
    if verdicts:
        told = ", ".join(f"{verdicts.count(one)} {one.value}" for one in LeavingVerdict if one in verdicts)
        said.append(f"Of {count(len(verdicts), 'measure')}: {told}.")
    elif both:
        said.append("Measures have intervals once there are two films.")
    return said


def video_document(report: VideoReport, made: datetime) -> dict[str, Any]:
    """The same for programs: numbers and failures, and nothing of what was found."""
    return {
        "films": report.films,
        "minutes_there": report.minutes_there,
        "rows": [{**asdict(row), "sentence": row.sentence} for row in report.rows],
        "comparisons": [
            {
                "film": one.film,
                "analysis": one.analysis,
                "there": len(one.theirs.items),
                "here": len(one.ours.items),
                "seconds_there": one.theirs.seconds,
                "seconds_here": one.ours.seconds,
                "failure_there": one.theirs.failure,
                "failure_here": one.ours.failure,
                "measures": _means(one),
            }
            for one in report.comparisons
        ],
        "made": made.isoformat(),
    }


def _found(one: FilmComparison, *, is_here: bool) -> str:
    job = one.ours if is_here else one.theirs
    return "failed" if job.failure is not None else f"{len(job.items):,}"


def _compared(one: FilmComparison) -> str:
    failures = {"there": one.theirs.failure, "here": one.ours.failure}
    told = [f"{side}: {why}" for side, why in failures.items() if why is not None]
    if told:
        return "; ".join(told)
    means = _means(one)
    return ", ".join(f"{measure} {value:.2f}" for measure, value in means.items()) or "neither found anything"


def _means(one: FilmComparison) -> dict[str, float]:
    return {measure: sum(values) / len(values) for measure, values in one.compared.items() if values}
