"""Rules of purposes: their floor, whose rules a request follows, and who may lower one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from regard.governance.permissions import Permission, permits
from regard.governance.purpose import PURPOSES, floor_of, strict_of, stricter
from regard.governance.responsibility import Act
from regard.governance.rules.rule import LogRecord, Rule
from regard.governance.rules.state import LogState
from regard.governance.training import SEARCH

_ON_CASES = (Act.SEARCH, Act.READ_MATCHES)


def _floor(state: LogState, record: LogRecord) -> Iterator[str]:
    declared, threshold = state.declared.get(record.operation), record.said.get("threshold")
    if not record.was_let_in or declared is None or declared.floor is None:
        return
    purpose = str(record.said.get("purpose"))
    if isinstance(threshold, int | float) and floor_of(purpose) is not None and threshold < declared.floor:
        yield f"the threshold was {threshold:g} for the purpose {purpose}, below {declared.floor:g}"


def _followed(state: LogState, record: LogRecord) -> Iterator[str]:
    if not record.was_let_in:
        return
    purpose = str(record.said.get("purpose"))
    if purpose not in PURPOSES:
        yield f"there is no purpose {purpose}"
        return
    key = state.keys.get(record.key)
    if key is not None and key.purpose in PURPOSES and stricter(key.purpose, purpose) != purpose:
        yield f"it ran for the purpose {purpose}; the key {record.key} is for {key.purpose}"
    collection = record.said.get("collection")
    of = state.collections.get(str(collection))
    if of is None or of.value not in PURPOSES or not of.holds_for(record):
        return
    if stricter(of.value, purpose) != purpose:
        yield f"it ran for the purpose {purpose}; {collection} is for {of.value} by record {of.sequence}"


def _lowered(state: LogState, record: LogRecord) -> Iterator[str]:
    given = record.said.get("purpose_given")
    before = state.collections.get(str(record.said.get("collection")))
    if not record.is_done or given is None or before is None:
        return
    if given not in PURPOSES or before.value not in PURPOSES or stricter(before.value, given) == given:
        return
    roles = record.said.get("roles") or [record.said.get("role")]
    if not any(permits(str(role), Permission.LOWER_PURPOSE) for role in roles):
        yield f"it lowered the purpose {before.value} to {given}, which takes LOWER_PURPOSE"


def _answered_for(state: LogState, record: LogRecord) -> Iterator[str]:
    """From the first record of a person on: older versions asked for none."""
    declared = state.declared.get(record.operation)
    strict = strict_of(str(record.said.get("purpose")))
    if not state.has_people or not record.was_let_in or declared is None or strict is None:
        return
    searches_nobody = "stream" in record.said and record.said.get("collection") is None
    if declared.act is None or searches_nobody:
        return
    person = record.said.get("person")
    if person is None:
        yield f"nobody answers for {record.operation} under the purpose {strict}"
        return
    if declared.act in _ON_CASES and not record.said.get("case"):
        yield f"{record.operation} names no case under the purpose {strict}"
    if declared.act is Act.SEARCH and not _is_trained(state, str(person), record):
        at = datetime.fromtimestamp(record.began / 1000, UTC)
        yield f"{person} searched under the purpose {strict}, and had no valid training on {at:%Y-%m-%d}"


def _is_trained(state: LogState, person: str, record: LogRecord) -> bool:
    trainings = state.trainings.get(person, ())
    return any(one.kind == SEARCH and one.until > record.began for one in trainings)


RULES = (
    Rule("floor", "Under a purpose with a floor nothing is compared below it.", _floor),
    Rule("purposes", "A request follows at least its key's purpose and its collection's.", _followed),
    Rule("lowering", "No purpose is lowered without the permission to.", _lowered),
    Rule(
        "responsibility",
        "Under strict purposes a person answers for each act, on a case, and whoever searches is trained.",
        _answered_for,
    ),
)
