"""The fold: from audit records to sums by hour. However the records are split, the sums are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regard.metering.units import Unit

HOUR = 3_600_000
"""Milliseconds."""

_FAULTS = ("InternalServerError", "ServiceUnavailableException")  # outcomes that are not the caller's to mend
_NEITHER = ("ok", "interrupted", "cancelled")
_LENGTH = 256  # of a name that is kept


@dataclass(frozen=True, slots=True, order=True)
class UsageKey:
    """What sums are kept for. `hour` is its beginning, in ms since the epoch, UTC; "" stands for none."""

    hour: int
    key_id: str
    operation: str
    collection: str
    purpose: str
    case_reference: str


def fold(records: Iterable[Mapping[str, Any]], counted: set[str]) -> dict[UsageKey, Counter[str]]:
    """The sums of some records, by the names of `COLUMNS`.

    `counted` are ids of jobs whose work was counted by records before these; those of these join it. A job
    is run again by another worker when its own dies after the record and before the end: its work is counted
    once.
    """
    sums: dict[UsageKey, Counter[str]] = {}
    for record in records:
        if record.get("outcome", "begun") != "begun":  # commands have none, and change no sum
            sums.setdefault(_key(record), Counter()).update(_counts(record, counted))
    return sums


def _key(record: Mapping[str, Any]) -> UsageKey:
    moment = round(datetime.fromisoformat(record["time"]).timestamp() * 1000)
    names = (record.get(name) for name in ("key", "operation", "collection", "purpose", "case"))
    return UsageKey(moment - moment % HOUR, *(str(name or "")[:_LENGTH] for name in names))


def _counts(record: Mapping[str, Any], counted: set[str]) -> dict[str, int]:
    counts = {"work_us": round(1000 * record.get("milliseconds", 0))}
    outcome = record["outcome"]
    if "stage" not in record:  # what a worker does was asked for by another record's request
        counts["requests"] = 1
        counts["refused"] = int(outcome not in _NEITHER and outcome not in _FAULTS)
    counts["errors"] = int(outcome in _FAULTS)
    units = record.get("units") or {}
    if units and "stage" in record:
        job = str(record.get("job"))
        if job in counted:
            units = {}
        counted.add(job)
    return counts | {unit.value: int(units[unit]) for unit in Unit if unit in units}
