"""What each report holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from regard.governance.reports.report import Report, ReportSection, counted
from regard.governance.reports.retention_schedule import schedule
from regard.governance.reports.rule_check import us_md_audit
from regard.governance.reports.small_cells import published, published_sum
from regard.governance.reports.sources import ReportSources
from regard.governance.reports.tally import LogTally
from regard.governance.reports.wrong_leads import false_matches

_STRICT: Final = ("law-enforcement", "missing-person")
_DECISIONS: Final = {
    "RequestAuthorization": "asked for",
    "SubmitAuthorization": "submitted to the authority after an exigent start",
    "ApproveAuthorization": "approved",
    "RatifyAuthorization": "ratified after an exigent start",
    "ExtendAuthorization": "extended",
    "RejectAuthorization": "refused",
    "RevokeAuthorization": "revoked",
}
_NO_GROUPS: Final = "Regard records nobody's race, gender or age; the agency adds what it knows."
_CONCLUSIONS: Final = {
    "ConfirmCandidate": "leads confirmed by independent evidence",
    "DisputeCandidate": "leads disputed",
    "ReopenReview": "reviews opened again",
}


def transparency(basis: ReportSources) -> Report:
    """What the public may read: counts without small cells, and no case, collection or person."""
    tally, minimum = basis.tally, basis.profiles.rules.small_cell
    searches = {purpose: tally.count(*basis.searches, purpose=purpose) for purpose in _STRICT}
    refused = Counter[str]()
    for (operation, error), number in tally.refused.items():
        if operation in basis.searches:
            refused[error] += number
    granted = {what: tally.count(operation) for operation, what in _DECISIONS.items()}
    concluded = _concluded(tally)
    complaints = {
        "decided": tally.count("DecideFeedback"),
        "erasures": tally.count("Erasure"),
    }
    faces = {purpose: faces for purpose, (_, faces) in basis.collections.items()}
    sections = [
        _public("Searches by purpose", "Purpose", searches, minimum, summed=True),
        _public("Searches that were refused", "Why", refused, minimum, summed=True),
        _public("Authorizations", "What happened", granted, minimum),
        _public("Conclusions", "What happened", concluded, minimum),
        _public("Complaints and erasures", "What happened", complaints, minimum),
        _public("Faces by the purpose of their collections", "Purpose", faces, minimum, summed=True),
    ]
    return basis.report("transparency", "Transparency", [*sections, basis.rules_in_force()])


def us_wa(basis: ReportSources) -> Report:
    """Washington State: authorizations that were applied for, and what became of them."""
    return basis.report(
        "us-wa",
        "Surveillance by face search (RCW 43.386.070)",
        [
            _authorizations(basis),
            counted("By ground", "Ground", basis.tally.by("RequestAuthorization", "Basis")),
            counted(
                "Demographics of those named in applications",
                "Group",
                {},
                note=_NO_GROUPS,
            ),
        ],
    )


def us_md(basis: ReportSources) -> Report:
    """Maryland: systems, databases, searches by crime."""
    tally = basis.tally
    collections = Counter(
        str(facts.get("collection"))
        for operation in basis.searches
        for facts in tally.facts.get(operation, ())
        if facts.get("collection")
    )
    return basis.report(
        "us-md",
        "Use of face search (Maryland, Criminal Procedure 2-508)",
        [
            counted("Searches by crime", "Crime", tally.by_offence(basis.searches)),
            counted("Databases that were searched", "Collection", collections),
            counted("Conclusions", "What happened", _concluded(tally)),
            _refusals(basis),
            counted(
                "Matches by age, race and gender",
                "Group",
                {},
                note=_NO_GROUPS,
            ),
        ],
    )


def eu_26_10(basis: ReportSources) -> Report:
    """The yearly report on searches in recordings for suspects (AI Act, Article 26(10))."""
    tally = basis.tally
    searched = {
        purpose: number for (operation, purpose), number in tally.runs.items() if operation in basis.searches
    }
    return basis.report(
        "eu-26-10",
        "Searches in recordings (Regulation (EU) 2024/1689, Article 26(10))",
        [
            _authorizations(basis),
            counted("By ground", "Ground", tally.by("RequestAuthorization", "Basis")),
            counted("Videos that were searched to their end", "Purpose", searched),
            counted("Erasures", "Cause", tally.by("Erasure", "Cause")),
        ],
    )


def eu_log(basis: ReportSources) -> Report:
    """What AI Act, Article 12(3), wants of each use: when, in which database, what matched, who verified."""
    headers = ("When", "Person", "Case", "Operation", "Collection", "Probe", "Review")
    rows = sorted(
        (
            str(said["time"])[:19],
            *(str(said.get(name) or "–") for name in ("person", "case")),
            operation,
            *(str(said.get(name) or "–") for name in ("collection", "probe", "review")),
        )
        for operation in basis.searches
        for said in basis.tally.facts.get(operation, ())
        if said.get("case")
    )
    return basis.report(
        "eu-log",
        "Log of uses (Regulation (EU) 2024/1689, Article 12(3))",
        [ReportSection("Searches", headers, tuple(rows))],
        notes=("Who verified a match, and how, is in the review: regard cases disclose.",),
    )


def facts(basis: ReportSources) -> Report:
    """Inputs for impact assessments and accountability reports."""
    rows = tuple(
        (purpose, f"{collections:,}", f"{faces:,}")
        for purpose, (collections, faces) in sorted(basis.collections.items())
    )
    return basis.report(
        "facts",
        "Facts for impact assessments",
        [
            ReportSection("Collections", ("Purpose", "Collections", "Faces"), rows),
            counted("Trainings that were recorded", "Kind", basis.tally.by("RecordTraining", "Kind")),
            counted("Cases that were opened", "Purpose", basis.tally.by("CreateCase", "Purpose")),
            basis.rules_in_force(),
        ],
        notes=("Error rates by group are on the model card: regard models card.",),
    )


REPORTS: Final[Mapping[str, Callable[[ReportSources], Report]]] = {
    "eu-26-10": eu_26_10,
    "eu-log": eu_log,
    "facts": facts,
    "false-matches": false_matches,
    "schedule": schedule,
    "transparency": transparency,
    "us-md": us_md,
    "us-md-audit": us_md_audit,
    "us-wa": us_wa,
}
"""The reports by their names."""


def _public(
    title: str, of: str, counts: Mapping[str, int], minimum: int, *, summed: bool = False
) -> ReportSection:
    """A table without small counts; their sum too where it means something."""
    told = published(counts, minimum)
    if summed:
        told["in all"] = published_sum(counts, minimum)
    return counted(title, of, told)


def _authorizations(basis: ReportSources) -> ReportSection:
    decided = {what: basis.tally.count(operation) for operation, what in _DECISIONS.items()}
    return counted("Authorizations", "What happened", decided)


def _concluded(tally: LogTally) -> dict[str, int]:
    wrong = tally.by("ResolveDispute", "Outcome")["WRONG"]
    return {what: tally.count(operation) for operation, what in _CONCLUSIONS.items()} | {
        "leads that were wrong": wrong
    }


def _refusals(basis: ReportSources) -> ReportSection:
    refused = Counter[str]()
    for (operation, error), number in basis.tally.refused.items():
        if operation in basis.searches:
            refused[error] += number
    suspended = basis.tally.count("SuspendPerson") + basis.tally.count("SuspendKey")
    stopped = {f"searches refused: {error}": number for error, number in refused.items()}
    return counted("Misuse that was stopped", "What", {**stopped, "suspensions": suspended})
