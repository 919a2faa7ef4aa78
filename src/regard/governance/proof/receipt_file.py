"""A receipt as a file: the body of GetAuditReceipt's answer, in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from regard.governance.proof.day import SealedDay
from regard.governance.proof.receipts import Receipt, ReceiptInvalid

_DAY: Final[Mapping[str, tuple[str, type]]] = {
    "day": ("Date", str),
    "first": ("First", int),
    "last": ("Last", int),
    "root": ("Root", str),
    "previous": ("PreviousRoot", str),
    "public_key": ("PublicKey", str),
    "signature": ("Signature", str),
}


def read_receipt(content: bytes) -> Receipt:
    """The receipt of a file, which may be anything. Raises ReceiptInvalid for what is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _none() from error
    if type(document) is not dict:
        raise _none()
    day, path = document.get("Day"), document.get("Path", [])
    if type(path) is not list or not all(type(one) is str for one in path):
        raise _none()
    return Receipt(
        sequence=_member(document, "Sequence", int),
        record=_member(document, "Record", str),
        hash=_member(document, "Hash", str),
        previous_hash=_member(document, "PreviousHash", str),
        day=None if day is None else read_day(day),
        path=tuple(path),
        timestamp=_timestamp(day),
    )


def read_day(day: Any) -> SealedDay:
    """A sealed day as the API has it. Raises ReceiptInvalid for what is none."""
    if type(day) is not dict:
        raise _none()
    return SealedDay(**{own: _member(day, name, kind) for own, (name, kind) in _DAY.items()})


def _timestamp(day: Any) -> str | None:
    return None if day is None or "Timestamp" not in day else str(_member(day, "Timestamp", str))


def _member(part: Mapping[str, Any], name: str, kind: type) -> Any:
    value = part.get(name)
    if type(value) is not kind:
        raise _none()
    if kind is str and any("\ud800" <= letter <= "\udfff" for letter in str(value)):  # which no text encodes
        raise _none()
    return value


def _none() -> ReceiptInvalid:
    return ReceiptInvalid("The file is no receipt; `regard receipt get` makes them.")
