"""The fold: from audit records to sums by hour. However the records are split, the sums are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from regard.metering.units import Unit

HOUR = 3_600_000
"""Milliseconds."""

_FAULTS = ("InternalServerError", "ServiceUnavailableException")  # outcomes that are not the caller's to mend
_NEITHER = ("ok", "interrupted", "cancelled")
_UNITS = frozenset(unit.value for unit in Unit)
_LENGTH = 256  # of a name that is kept


class UsageRecord(Struct, frozen=True, gc=False):
    """What usage reads of an audit record, with the record's own names.

    Records of commands have no `outcome`; those of what a worker does have a `stage`.
    """

    time: str
    key: str | None = None
    operation: str | None = None
    collection: str | None = None
    purpose: str | None = None
    case: str | None = None
    person: str | None = None
    outcome: str = "begun"
    milliseconds: float = 0.0
    stage: str | None = None
    job: str | None = None
    units: dict[str, int] | None = None


_Units = tuple[tuple[str, int], ...]
_Named = tuple[str, str | None, str | None, str | None, str | None, str | None, str | None]
_Group = tuple[_Named, tuple[str, bool, _Units]]
"""All that a sum asks of a record but its work: hour and names; outcome, whether it is a request's, units."""


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


def fold(records: Iterable[UsageRecord], counted: set[str]) -> dict[UsageKey, Counter[str]]:
    """The sums of some records, by the names of `COLUMNS`.

    `counted` are ids of jobs whose work was counted by records before these; those of these join it. A job
    is run again by another worker when its own dies after the record and before the end: its work is counted
    once.
    """
    groups: dict[_Group, list[int]] = {}  # how many records there are of each, and their work
    for record in records:
        if record.outcome == "begun":  # what only begins changes no sum
            continue
        group = (_named(record), (record.outcome, record.stage is None, _billed(record, counted)))
        summed = groups.get(group)
        if summed is None:
            summed = groups[group] = [0, 0]
        summed[0] += 1
        summed[1] += round(1000 * record.milliseconds)
    folded: dict[UsageKey, Counter[str]] = {}
    for (named, what), (count, work) in groups.items():  # of which several may be one once they are cut
        folded.setdefault(_key(*named), Counter()).update({"work_us": work, **_counts(*what, count)})
    return folded


def _named(record: UsageRecord) -> _Named:
    return (
        record.time[:13],  # times are UTC: the hour is their beginning
        record.key,
        record.operation,
        record.collection,
        record.purpose,
        record.case,
        record.person,
    )


def _billed(record: UsageRecord, counted: set[str]) -> _Units:
    """What a record counts, unless its job's work was counted."""
    if not record.units:
        return ()
    if record.stage is not None and record.job is not None:  # a stream's count what came since the one before
        if record.job in counted:
            return ()
        counted.add(record.job)
    return tuple(record.units.items())


def _key(hour: str | None, *names: str | None) -> UsageKey:
    begin = datetime.fromisoformat(f"{hour}:00:00+00:00")
    return UsageKey(round(begin.timestamp() * 1000), *((name or "")[:_LENGTH] for name in names))


def _counts(outcome: str, is_request: bool, units: _Units, count: int) -> dict[str, int]:
    """The sums of `count` records that say the same."""
    counts = {unit: count * int(amount) for unit, amount in units if unit in _UNITS}
    if is_request:  # what a worker does was asked for by another record's request
        counts["requests"] = count
    if outcome in _FAULTS:
        counts["errors"] = count
    elif is_request and outcome not in _NEITHER:
        counts["refused"] = count
    return counts
