"""GetAuditHead, ListAuditDays, GetAuditProof, GetAuditReceipt: what proves that the log is what it was.

The first three are public. They show hashes, roots and signatures, and nothing of what records hold.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from regard.context import Context
from regard.errors import ResourceNotFoundException
from regard.governance.examination.blindness import refuse_raters
from regard.governance.permissions import Permission
from regard.governance.proof.day import SealedDay
from regard.governance.proof.receipts import Receipt, make_receipt
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Operation

_LISTING = "audit days"
_MAX_RESULTS = 100
_DIGITS = 18  # of a record's number


def get_audit_head(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """The number and the hash of the newest record, and the newest sealed day."""
    head, day = ctx.stores.audit.newest(), ctx.stores.seals.newest()
    stamps = {} if day is None else ctx.stores.seals.timestamps([day.day])
    return {
        "Sequence": head.sequence,
        "Hash": head.hash,
        **_day(day, None if day is None else stamps.get(day.day)),
    }


def list_audit_days(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The sealed days with their roots and signatures, the oldest first, a page at a time."""
    limit = min(request.get("MaxResults", _MAX_RESULTS), _MAX_RESULTS)
    after = read_token(_LISTING, request.get("NextToken"))
    behind = date.fromordinal(after).isoformat() if 0 < after <= date.max.toordinal() else ""
    found = ctx.stores.seals.page(after=behind, limit=limit + 1)
    stamps = ctx.stores.seals.timestamps([day.day for day in found[:limit]])
    answer: dict[str, Any] = {"Days": [shape_day(day, stamps.get(day.day)) for day in found[:limit]]}
    if len(found) > limit:
        last = date.fromisoformat(found[limit - 1].day).toordinal()
        answer["NextToken"] = make_token(_LISTING, last)
    return answer


def get_audit_proof(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The hash of a record, and its way to the root of its day once that is sealed."""
    shape = receipt_shape(_receipt(ctx, request["Sequence"]))
    del shape["Record"]
    return shape


def get_audit_receipt(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """A record with its proof, by its number or by the id of its request; of several of one request the
    newest.

    Raises AccessDeniedException for who rates candidates.
    """
    refuse_raters(ctx.caller)
    wanted = request["Record"]
    if wanted.isdecimal() and len(wanted) <= _DIGITS:
        return receipt_shape(_receipt(ctx, int(wanted)))
    sequence = ctx.stores.audit.find_request(wanted)
    if sequence is None:
        raise ResourceNotFoundException(f"The audit log has no record of a request {wanted}.")
    return receipt_shape(_receipt(ctx, sequence))


def shape_day(day: SealedDay, timestamp: str | None) -> dict[str, Any]:
    """A sealed day, and its time-stamp if there is one, as the API has them."""
    return {
        "Date": day.day,
        "First": day.first,
        "Last": day.last,
        "Root": day.root,
        "PreviousRoot": day.previous,
        "PublicKey": day.public_key,
        "Signature": day.signature,
        **({} if timestamp is None else {"Timestamp": timestamp}),
    }


def _day(day: SealedDay | None, timestamp: str | None) -> dict[str, Any]:
    return {} if day is None else {"Day": shape_day(day, timestamp)}


def _receipt(ctx: Context, sequence: int) -> Receipt:
    found = make_receipt(ctx.stores.audit, ctx.stores.seals, sequence)
    if found is None:
        raise ResourceNotFoundException(f"The audit log has no record {sequence}.")
    return found


def receipt_shape(receipt: Receipt) -> dict[str, Any]:
    """A receipt as the API has it."""
    return {
        "Sequence": receipt.sequence,
        "Record": receipt.record,
        "Hash": receipt.hash,
        "PreviousHash": receipt.previous_hash,
        **_day(receipt.day, receipt.timestamp),
        **({} if receipt.day is None else {"Path": list(receipt.path)}),
    }


OPERATIONS = (
    Operation(
        name="GetAuditHead",
        run=get_audit_head,
        area=Area.ADMINISTRATION,
        permission=None,
        is_own=True,
    ),
    Operation(
        name="ListAuditDays",
        run=list_audit_days,
        area=Area.ADMINISTRATION,
        permission=None,
        is_own=True,
    ),
    Operation(
        name="GetAuditProof",
        run=get_audit_proof,
        area=Area.ADMINISTRATION,
        permission=None,
        is_own=True,
    ),
    Operation(
        name="GetAuditReceipt",
        run=get_audit_receipt,
        area=Area.ADMINISTRATION,
        permission=Permission.AUDIT,
        notes=("Sequence",),
        is_own=True,
    ),
)
