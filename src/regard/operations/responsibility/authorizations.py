"""RequestAuthorization, and what becomes of one: leave to search faces in moving pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from regard.context import Context
from regard.errors import ConflictException, InvalidParameterException
from regard.governance.authorizations.erasure import is_due
from regard.governance.authorizations.records import Authorization, Document, Ground, Scope
from regard.governance.authorizations.requests import NewAuthorization
from regard.governance.authorizations.store import Authorizations, authorization_not_found
from regard.governance.cases import Case
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.responsibility.authorization_shape import authorization_shape
from regard.operations.responsibility.cases import may_see_case, own_case, visible_case
from regard.operations.shapes.times import in_milliseconds
from regard.operations.subjects import COLLECTION

_LISTING = "authorizations"
_MAX_RESULTS = 1000

Decide = Callable[[Authorizations, str, str, Document, int | None], Authorization]


def request_authorization(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Asks for leave on a case of one's own; an exigency and a first identification begin at once.

    Raises ConflictException for a case that is closed, or had its first identification, and
    InvalidParameterException for what the rules don't allow.
    """
    ctx.stores.accountability.responsibility.check_clock()
    case = own_case(ctx, request["CaseId"])
    if case.closed is not None:
        raise ConflictException(f"The case {case.case_id} is closed; open another one.")
    collection = ctx.collection
    made = ctx.stores.accountability.authorizations.request(
        NewAuthorization(
            case_id=case.case_id,
            purpose=case.purpose,
            basis=Ground(request["Basis"]),
            scope=Scope(
                collection_id=collection.collection_id,
                collection_row=collection.row,
                cameras=tuple(request.get("Cameras", ())),
                videos=tuple(request.get("Videos", ())),
                faces=tuple(request.get("Faces", ())),
            ),
            begins=_time(request.get("From")),
            until=_time(request.get("Until")),
            covert=request.get("Covert", False),
            grounds=request.get("Grounds"),
            attested=tuple(request.get("Attested", ())),
        ),
        requested_by=_person(ctx),
    )
    return _shape(ctx, made)


def submit_authorization(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Enters that the authority was asked about an exigency of a case of one's own."""
    ctx.stores.accountability.responsibility.check_clock()
    authorizations = ctx.stores.accountability.authorizations
    found = authorizations.get(request["AuthorizationId"])
    own_case(ctx, found.case_id)
    return _shape(ctx, authorizations.ask(found.authorization_id, _person(ctx), request["Authority"]))


def approve_authorization(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Enters what the authority issued on a request."""
    return _decide(ctx, request, Authorizations.approve)


def ratify_authorization(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Enters that the authority has allowed an exigency."""
    return _decide(ctx, request, Authorizations.ratify)


def extend_authorization(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Ends an authorization; the answer is the one that goes on in its place."""
    return _decide(ctx, request, Authorizations.extend)


def reject_authorization(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Refuses what was asked for, and erases what was found meanwhile."""
    ctx.stores.accountability.responsibility.check_clock()
    authorizations = ctx.stores.accountability.authorizations
    found = authorizations.reject(request["AuthorizationId"], _person(ctx), request["Reason"])
    now = authorizations.now()
    if is_due(found, now):
        found = ctx.stores.authorization_erasure.erase(found, now)
    return _shape(ctx, found)


def revoke_authorization(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Ends an authorization before its time."""
    ctx.stores.accountability.responsibility.check_clock()
    authorizations = ctx.stores.accountability.authorizations
    found = authorizations.revoke(request["AuthorizationId"], _person(ctx), request["Reason"])
    return _shape(ctx, found)


def get_authorization(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """One authorization, to whoever may know its case."""
    found = ctx.stores.accountability.authorizations.get(request["AuthorizationId"])
    case = ctx.stores.accountability.cases.find(found.case_id)
    if case is None or not may_see_case(ctx, case):
        raise authorization_not_found(request["AuthorizationId"])
    return _shape(ctx, _retained(ctx, found, case))


def list_authorizations(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The authorizations that the caller may know, in the order they were asked for, a page at a time."""
    named = request.get("CaseId")
    cases = ctx.stores.accountability.cases.all() if named is None else [visible_case(ctx, named)]
    known = {case.case_id: case for case in cases if may_see_case(ctx, case)}
    numbered = [
        (number, one)
        for number, one in enumerate(ctx.stores.accountability.authorizations.all(), 1)
        if one.case_id in known
    ]
    page, token = page_of(_LISTING, numbered, request, _MAX_RESULTS)
    return {"Authorizations": [_shape(ctx, _retained(ctx, one, known[one.case_id])) for one in page], **token}


def _decide(ctx: Context, request: dict[str, Any], decide: Decide) -> dict[str, Any]:
    ctx.stores.accountability.responsibility.check_clock()
    authorizations = ctx.stores.accountability.authorizations
    document = Document(
        issuer=request["Issuer"],
        number=request["Number"],
        digest=request["Digest"],
        issued=in_milliseconds(request["Issued"]),
    )
    until = _time(request.get("Until"))
    return _shape(ctx, decide(authorizations, request["AuthorizationId"], _person(ctx), document, until))


def _retained(ctx: Context, found: Authorization, case: Case) -> Authorization:
    """An authorization without the texts that are due to be purged with its case, though that be late."""
    if ctx.stores.privacy.cases.shown(case, ctx.stores.accountability.authorizations.now()).purged is None:
        return found
    return replace(found, grounds=None, authority=None, ended_for=None)


def _shape(ctx: Context, found: Authorization) -> dict[str, Any]:
    return authorization_shape(found, ctx.stores.accountability.authorizations.now())


def _time(time: datetime | None) -> int | None:
    return None if time is None else in_milliseconds(time)


def _person(ctx: Context) -> str:
    """Who calls; the operations here are a person's alone."""
    if ctx.caller.person_id is None:
        raise InvalidParameterException("This takes a person: call with a key that is somebody's.")
    return ctx.caller.person_id


_asking = partial(
    Operation,
    area=Area.RESPONSIBLE_USE,
    permission=Permission.OPEN_CASES,
    is_own=True,
    presence=Presence.PERSON,
)
_deciding = partial(
    Operation,
    area=Area.RESPONSIBLE_USE,
    permission=Permission.APPROVE,
    is_own=True,
    presence=Presence.VERIFIED,
)
_reading = partial(Operation, area=Area.RESPONSIBLE_USE, permission=Permission.READ, is_own=True)
_STANDING = (
    "AuthorizationId",
    "CaseId",
    "Basis",
    "State",
    "RequestedBy",
    "From",
    "Until",
    "AskBy",
    "DecideBy",
)
_DOCUMENT = ("Issuer", "Number", "Digest", "Issued", "Extends")

OPERATIONS = (
    _asking(
        name="RequestAuthorization",
        run=request_authorization,
        about=COLLECTION,
        notes=(*_STANDING, "CollectionId", "Cameras", "Videos", "Faces", "Covert", "Attested"),
    ),
    _asking(name="SubmitAuthorization", run=submit_authorization, notes=(*_STANDING, "Authority")),
    _deciding(name="ApproveAuthorization", run=approve_authorization, notes=(*_STANDING, *_DOCUMENT)),
    _deciding(name="RatifyAuthorization", run=ratify_authorization, notes=(*_STANDING, *_DOCUMENT)),
    _deciding(name="ExtendAuthorization", run=extend_authorization, notes=(*_STANDING, *_DOCUMENT)),
    _deciding(name="RejectAuthorization", run=reject_authorization, notes=(*_STANDING, "Reason")),
    _deciding(name="RevokeAuthorization", run=revoke_authorization, notes=(*_STANDING, "Reason")),
    _reading(name="GetAuthorization", run=get_authorization, notes=("AuthorizationId",)),
    _reading(name="ListAuthorizations", run=list_authorizations),
)
