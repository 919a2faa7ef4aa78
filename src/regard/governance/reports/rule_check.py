"""The yearly check of the rules, from the replay of the audit log."""

from __future__ import annotations

from collections import Counter
from typing import Final

from regard.governance.reports.report import Report, ReportSection
from regard.governance.reports.sources import ReportSources
from regard.governance.rules.replay import RULES

_LISTED: Final = 1000  # exceptions


def us_md_audit(basis: ReportSources) -> Report:
    """Maryland's yearly audit: every rule, how often a record of the year breaks it, and each exception.

    The whole log is replayed, since a record is right or wrong by those before it.
    """
    check, tally = basis.check_rules(), basis.tally
    of_year = [one for one in check.violations if tally.start <= one.time < tally.end]
    broken = Counter(one.violation.rule for one in of_year)
    others = sorted(broken.keys() - {rule.name for rule in RULES})
    rows = [(rule.name, rule.says, f"{broken[rule.name]:,}") for rule in RULES]
    exceptions = tuple(
        (f"{one.violation.sequence:,}", one.time[:19], one.violation.rule, one.violation.sentence)
        for one in of_year[:_LISTED]
    )
    more = len(of_year) - len(exceptions)
    return basis.report(
        "us-md-audit",
        "Audit (Maryland, Criminal Procedure 2-501 to 2-510)",
        [
            ReportSection(
                "Rules",
                ("Rule", "What the log shows", "Exceptions"),
                (*rows, *((name, "", f"{broken[name]:,}") for name in others)),
            ),
            ReportSection(
                "Exceptions",
                ("Record", "When", "Rule", "What it breaks"),
                exceptions,
                note=f"And {more:,} more: regard audit rules." if more else "",
            ),
            ReportSection(
                "Rows that no record explains, as of now",
                ("What",),
                tuple((sentence,) for sentence in check.unexplained[:_LISTED]),
            ),
        ],
        notes=("The same, for whoever has the log: regard audit rules LOG.jsonl.",),
        head=check.head,
    )
