"""The fold: from audit records to sums by hour. However the records are split, the sums are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regard.metering.units import Unit

HOUR = 3_600_000
"""Milliseconds."""

_FAULTS = ("InternalServerError", "ServiceUnavailableException")  # outcomes that are not the caller's to mend
_NEITHER = ("ok", "interrupted", "cancelled")
_NAMES = ("key", "operation", "collection", "purpose", "case", "person")
_UNITS = frozenset(unit.value for unit in Unit)
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
    person_id: str


def fold(records: Iterable[Mapping[str, Any]], counted: set[str]) -> dict[UsageKey, Counter[str]]:
    """The sums of some records, by the names of `COLUMNS`.

    `counted` are ids of jobs whose work was counted by records before these; those of these join it. A job
    is run again by another worker when its own dies after the record and before the end: its work is counted
    once.
    """
    sums: dict[tuple[str | None, ...], Counter[str]] = {}
    for record in records:
        if record.get("outcome", "begun") == "begun":  # commands have none, and change no sum
            continue
        named = (record["time"][:13], *map(record.get, _NAMES))  # times are UTC: the hour is their beginning
        of_key = sums.get(named)
        if of_key is None:
            of_key = sums[named] = Counter()
        for name, count in _counts(record, counted):
            of_key[name] += count
    folded: dict[UsageKey, Counter[str]] = {}
    for named, counts in sums.items():  # of which several may be one once they are cut
        folded.setdefault(_key(*named), Counter()).update(counts)
    return folded


def _key(hour: str | None, *names: str | None) -> UsageKey:
    begin = datetime.fromisoformat(f"{hour}:00:00+00:00")
    return UsageKey(round(begin.timestamp() * 1000), *((name or "")[:_LENGTH] for name in names))


def _counts(record: Mapping[str, Any], counted: set[str]) -> Iterator[tuple[str, int]]:
    outcome, is_request = record["outcome"], "stage" not in record
    yield "work_us", round(1000 * record.get("milliseconds", 0))
    if is_request:  # what a worker does was asked for by another record's request
        yield "requests", 1
    if outcome in _FAULTS:
        yield "errors", 1
    elif is_request and outcome not in _NEITHER:
        yield "refused", 1
    units = record.get("units")
    if not units:
        return
    job = record.get("job")
    if not is_request and job is not None:  # each record of a stream counts what came since the one before
        if str(job) in counted:
            return
        counted.add(str(job))
    for unit in units.keys() & _UNITS:
        yield unit, int(units[unit])
