"""The public schedule of what is kept how long, and how it is destroyed."""

from __future__ import annotations

from typing import Final

from regard.governance.reports.report import Report, ReportSection, counted
from regard.governance.reports.sources import ReportSources

_DAY: Final = 24
_DESTRUCTION: Final = (
    ("A face, a user, a collection", "rows are overwritten in the database file, and leave every index"),
    ("Pictures of faces that reviewers see", "go with the face, the review's end, or the case"),
    ("Backups", "what was erased since is erased again when one is restored"),
    ("Proof", "a receipt, which anybody can check, says what was erased, when and why"),
)


def schedule(basis: ReportSources) -> Report:
    """How long what is kept by the rules in force, how it is destroyed, and what the year destroyed."""
    inactivity = basis.profiles.rules.inactivity_days
    rows = [(kept.what, kept.since, _time(kept.hours)) for kept in basis.schedule]
    if inactivity is not None:
        rows.append(
            ("A face whose person gave consent", "the last contact with the person", f"{inactivity:,} days")
        )
    return basis.report(
        "schedule",
        "Retention and destruction schedule",
        [
            ReportSection(
                "How long what is kept",
                ("What", "Since", "At the longest"),
                tuple(rows),
                note="A collection may say less for its faces, and a court may have a case kept longer.",
            ),
            ReportSection("How it is destroyed", ("What", "How"), _DESTRUCTION),
            counted("Erasures of the year", "Cause", basis.tally.by("Erasure", "Cause")),
            basis.rules_in_force(),
        ],
        notes=("Anybody may read the times at GET /regard/v1/retention.",),
    )


def _time(hours: int | None) -> str:
    """A time in words; None for what no rule limits."""
    if hours is None:
        return "until it is erased; no rule limits it"
    if hours == 0:
        return "not kept"
    days, rest = divmod(hours, _DAY)
    if rest or days < 3:
        return f"{hours:,} hours" if hours != 1 else "an hour"
    return f"{days:,} days"
