"""The replay: every record shown to every rule, with what the records before it say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from regard.governance.rules import (
    authorizations,
    calls,
    consents,
    integrity,
    jobs,
    keys,
    purposes,
    reviews,
    streams,
)
from regard.governance.rules.rule import DeclaredOperation, LogRecord, Rule, Violation
from regard.governance.rules.state import LogState

RULES: Final[tuple[Rule, ...]] = (
    *integrity.RULES,
    *keys.RULES,
    *purposes.RULES,
    *jobs.RULES,
    *authorizations.RULES,
    *reviews.RULES,
    *calls.RULES,
    *consents.RULES,
    *streams.RULES,
)


class Replay:
    """One replay of a log from its first record on. `state` is what the records say so far."""

    def __init__(
        self,
        declared: Mapping[str, DeclaredOperation],
        rules: Iterable[Rule] = RULES,
        *,
        known: str | None = None,
    ) -> None:
        """`known` is a hash from elsewhere, which a record or the root of a day must have."""
        self.state = LogState(declared)
        self._rules = tuple(rules)
        self._known = None if known is None else known.strip().lower()
        self.violations: list[Violation] = []

    def take(self, record: LogRecord) -> None:
        """The next record."""
        for rule in self._rules:
            if rule.step is not None:
                for sentence in rule.step(self.state, record):
                    self.violations.append(Violation(record.sequence, rule.name, sentence))
        self.state.follow(record)
        day = self.state.day
        if self._known in (record.hash, None if day is None else day.root):
            self._known = None

    def end(self) -> list[Violation]:
        """All violations, in the order of their records, once there is no further record."""
        for rule in self._rules:
            if rule.end is not None:
                for sequence, sentence in rule.end(self.state):
                    self.violations.append(Violation(sequence, rule.name, sentence))
        if self._known is not None:
            told = (
                f"no record and no day up to it has the hash {self._known}; records were removed or changed"
            )
            self.violations.append(Violation(self.state.head.sequence, "known hash", told))
        return sorted(self.violations, key=lambda one: one.sequence)
