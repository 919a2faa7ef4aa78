"""EraseFaces, ListErasures, GetReceipt: what was erased for good, and the proof of it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement

from regard.collections.erasing import named, of_subject, of_user
from regard.context import Context
from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException
from regard.governance.permissions import Permission, permits
from regard.governance.presence import Presence, check_presence
from regard.governance.privacy.erasures import Cause, Erasure, Reason
from regard.governance.proof.receipts import make_receipt
from regard.governance.responsibility import Act
from regard.operations.administration.audit_proofs import receipt_shape
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment
from regard.operations.subjects import COLLECTION

_LISTING: Final = "erasures"
_MAX_RESULTS: Final = 1000
_WHOSE: Final = ("FaceIds", "UserId", "ExternalImageId")


def erase_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Erases faces by their ids, of a user or of a person, also those that a user holds.

    Whoever protects privacy does so in a session with a fresh code, whoever enrols with a person's key.
    """
    _check_person(ctx)
    which = _which(request)
    collection, privacy = ctx.collection, ctx.stores.privacy
    reason = Reason(
        cause=Cause.REQUESTED,
        words=request["Reason"],
        caller=ctx.caller,
        request_id=ctx.request_id,
        case=ctx.case,
    )
    return erasure_shape(privacy.eraser.erase(collection, which, reason, may_be_none=False))


def list_erasures(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The erasures in the order they were made, a page at a time."""
    limit = request.get("MaxResults", _MAX_RESULTS)
    after = read_token(_LISTING, request.get("NextToken"))
    found = ctx.stores.privacy.erasures.page(after=after, limit=limit + 1)
    answer: dict[str, Any] = {"Erasures": [erasure_shape(one) for one in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = make_token(_LISTING, found[limit - 1].sequence)
    return answer


def get_receipt(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """What was erased, with the audit record of it and the proof of that record: for whoever has the id."""
    erasure = ctx.stores.privacy.erasures.find(request["ReceiptId"])
    receipt = None if erasure is None else make_receipt(ctx.stores.audit, ctx.stores.seals, erasure.sequence)
    if erasure is None or receipt is None:
        raise ResourceNotFoundException("There is no such receipt.")
    return {**erasure_shape(erasure), **receipt_shape(receipt)}


def erasure_shape(one: Erasure) -> dict[str, Any]:
    """An erasure as answers have it."""
    return {
        "ReceiptId": one.receipt_id,
        "CollectionId": one.collection,
        "Cause": one.cause,
        "FaceCount": one.faces,
        "UserCount": one.users,
        "FaceIds": list(one.face_ids),
        "Erased": moment(one.erased),
    }


def _check_person(ctx: Context) -> None:
    """Raises AccessDeniedException unless the caller may erase on request."""
    if any(permits(role, Permission.PROTECT_PRIVACY) for role in ctx.caller.roles):
        check_presence(Presence.VERIFIED, ctx.caller)
    elif any(permits(role, Permission.ENROL) for role in ctx.caller.roles):
        if ctx.strict is not None:
            ctx.stores.accountability.responsibility.admit(Act.ENROL, ctx.caller, ctx.strict, ctx.case)
    else:
        raise AccessDeniedException("It takes the role privacy or operator to erase faces.")


def _which(request: dict[str, Any]) -> ColumnElement[bool]:
    given = [name for name in _WHOSE if name in request]
    if len(given) != 1:
        raise InvalidParameterException(f"Say whose faces: exactly one of {', '.join(_WHOSE)}.")
    if given[0] == "FaceIds":
        return named(request["FaceIds"])
    return of_user(request["UserId"]) if given[0] == "UserId" else of_subject(request["ExternalImageId"])


OPERATIONS = (
    Operation(
        name="EraseFaces",
        run=erase_faces,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.READ,
        about=COLLECTION,
        notes=("ReceiptId", "Reason", "FaceCount", "UserCount"),
        is_own=True,
        presence=Presence.PERSON,
    ),
    Operation(
        name="ListErasures",
        run=list_erasures,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.READ,
        is_own=True,
    ),
    Operation(
        name="GetReceipt",
        run=get_receipt,
        area=Area.RESPONSIBLE_USE,
        permission=None,
        is_own=True,
    ),
)
