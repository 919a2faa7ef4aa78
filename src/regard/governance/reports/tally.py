"""The tally of a span of the audit log: how often each operation was answered, on what, with which facts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from regard.governance.audit import AuditLog
from regard.governance.chain import EMPTY, LogHead

_COMMANDS = ("ok", None)  # records of commands say nothing of their outcome
_TOLD = ("time", "subject", "collection", "person", "case", "probe", "gallery", "review")


@dataclass(slots=True)
class LogTally:
    """What was counted of the records from `start` to before `end`, both in ISO 8601.

    `head` is the log's newest record when it was counted. `answered` counts answered requests by operation
    and purpose, `refused` those that were refused by operation and error. `runs` counts the jobs that a
    worker finished. `on_cases` counts answered requests by operation and case. `facts` are those of answered
    requests, by operation, in the order of the log; `cases` those of every case that was ever opened.
    """

    start: str
    end: str
    head: LogHead = EMPTY
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    runs: Counter[tuple[str, str]] = field(default_factory=Counter)
    on_cases: Counter[tuple[str, str]] = field(default_factory=Counter)
    facts: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    cases: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def count(self, *operations: str, purpose: str | None = None) -> int:
        """How many requests of these operations were answered, under a purpose or under any."""
        return sum(
            number
            for (operation, of), number in self.answered.items()
            if operation in operations and purpose in (None, of)
        )

    def by(self, operation: str, fact: str) -> Counter[str]:
        """How often an operation was answered, by one of its facts; "" where a record has none."""
        return Counter(str(facts.get(fact, "")) for facts in self.facts.get(operation, ()))

    def by_offence(self, operations: Iterable[str]) -> Counter[str]:
        """How often these operations were answered, by the offence of their case."""
        counted: Counter[str] = Counter()
        for operation in operations:
            for (of, case), number in self.on_cases.items():
                if of == operation:
                    counted[str(self.cases.get(case, {}).get("Offence") or "none named")] += number
        return counted


def tally(log: AuditLog, start: str, end: str) -> LogTally:
    """Counts the log's records from `start` to before `end`, as one moment has them."""
    counted = LogTally(start, end)
    with closing(log.pages()) as pages:
        for page in pages:
            for sequence, text, link in page:
                _take(counted, json.loads(text))
                counted.head = LogHead(sequence, link)
    return counted


def _take(counted: LogTally, record: Mapping[str, Any]) -> None:
    operation, outcome = str(record.get("operation")), record.get("outcome")
    facts = record.get("facts", {})
    if operation == "CreateCase" and outcome == "ok":
        counted.cases[str(facts.get("CaseId"))] = facts
    if not counted.start <= str(record["time"]) < counted.end or outcome == "begun":
        return
    if record.get("stage") == "run":
        if outcome == "ok":
            counted.runs[operation, str(record.get("purpose"))] += 1
        return
    if outcome not in _COMMANDS:
        counted.refused[operation, str(outcome)] += 1
        return
    counted.answered[operation, str(record.get("purpose", ""))] += 1
    counted.facts.setdefault(operation, []).append({**facts, **_own_facts(record)})
    if record.get("case"):
        counted.on_cases[operation, str(record["case"])] += 1


def _own_facts(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """What records of erasures and the like say beside their facts."""
    return {name: record[name] for name in _TOLD if name in record}
