"""Rules of the log itself: its chain, and the seals of its days."""

from __future__ import annotations

from collections.abc import Iterator

from regard.governance.chain import link
from regard.governance.proof.day import NO_ROOT
from regard.governance.proof.merkle import leaf_hash, root
from regard.governance.proof.seals import SEAL
from regard.governance.rules.rule import LogRecord, Rule
from regard.governance.rules.state import LogState, sealed_day


def _chain(state: LogState, record: LogRecord) -> Iterator[str]:
    expected = state.head.sequence + 1
    if record.sequence != expected:
        yield f"record {expected} is missing" if record.sequence > expected else "its number was there before"
    if record.hash != link(state.head.hash, record.text):
        yield "it was changed, or the one before it was changed or removed"


def _seal(state: LogState, record: LogRecord) -> Iterator[str]:
    if record.operation != SEAL or record.is_request:
        return
    day = sealed_day(record)
    if day is None:
        yield "it seals a day, and says not which"
        return
    before = state.day
    first, previous = (1, NO_ROOT) if before is None else (before.last + 1, before.root)
    if day.first != first or not first <= day.last < record.sequence:
        yield f"the seal of {day.day} does not begin behind the day before it, or does not end before itself"
        return
    hashes = state.hashes[: day.size]
    sealed = [one for one in hashes if one is not None]
    if len(sealed) != day.size or root([leaf_hash(one) for one in sealed]).hex() != day.root:
        yield f"the root of {day.day} is not that of its records"
    if day.previous != previous:
        yield f"the seal of {day.day} does not follow the root before it"
    if not day.is_signed():
        yield f"the signature of {day.day} does not hold"
    if day.public_key not in state.signing_keys:
        yield f"the key that sealed {day.day} was not announced"


RULES = (
    Rule("chain", "Every record has the next number and the hash of itself and all before it.", _chain),
    Rule("seals", "Every sealed day has the root of its records, signed by a key that was announced.", _seal),
)
