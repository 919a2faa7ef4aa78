"""What reports are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from regard.governance.chain import LogHead
from regard.governance.examination.false_matches import FalseMatch
from regard.governance.privacy.retention import KeptKind
from regard.governance.profiles import Profiles
from regard.governance.reports.report import NOT_LEGAL_ADVICE, Report, ReportSection
from regard.governance.reports.tally import LogTally
from regard.governance.rules.rule import Violation


@dataclass(frozen=True, slots=True)
class DatedViolation:
    """A violation of a rule, and when its record was made, in ISO 8601."""

    time: str
    violation: Violation


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """What a replay of the whole log found: `violations` in the order of their records, and in sentences what
    the tables hold that no record explains. `head` is the record that it ended with.
    """

    head: LogHead
    violations: Sequence[DatedViolation]
    unexplained: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSources:
    """What reports are made from. `searches` are the operations that search faces, `collections` how many
    collections, and faces in them, there are of each purpose; `schedule` says how long what is kept.

    `check_rules` replays the log, `false_matches` lists the register: what few reports ask, when they do.
    `interval` gives the interval that a share of independent events, out of so many trials, lies in at 95 %.
    """

    tally: LogTally
    profiles: Profiles
    searches: Sequence[str]
    collections: Mapping[str, tuple[int, int]]
    schedule: Sequence[KeptKind]
    check_rules: Callable[[], RuleCheck]
    false_matches: Callable[[], Sequence[FalseMatch]]
    interval: Callable[[int, int], tuple[float, float]]

    def rules_in_force(self) -> ReportSection:
        """Which profiles hold, and the digest of their rules."""
        profiles = self.profiles
        return ReportSection(
            "Rules in force", ("Profiles", "Digest"), ((", ".join(profiles.names), profiles.digest),)
        )

    def report(
        self,
        name: str,
        title: str,
        sections: Sequence[ReportSection],
        *,
        notes: Sequence[str] = (),
        head: LogHead | None = None,
    ) -> Report:
        """A report on the span of the tally, counted up to its head, unless `head` is another."""
        tally = self.tally
        every = (*notes, NOT_LEGAL_ADVICE)
        return Report(name, title, tally.start, tally.end, head or tally.head, tuple(sections), every)
