"""PutConsent, ImportConsents, ListConsents, WithdrawConsent: who agreed that their face is enrolled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from regard.caller import LOCAL
from regard.collections.records import Collection
from regard.context import Context
from regard.errors import ResourceNotFoundException
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.governance.privacy.consents import Consent, NewConsent
from regard.governance.privacy.erasures import Cause, Erasure, Reason
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.privacy.erasures import erasure_shape
from regard.operations.shapes.times import in_milliseconds, moment
from regard.operations.subjects import COLLECTION
from regard.storage.clock import milliseconds

_LISTING: Final = "consents"
_MAX_RESULTS: Final = 1000


def put_consent(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Records that somebody agreed; it is valid from now on. Again, it is answered as it was."""
    made = ctx.stores.privacy.consents.put([_new(ctx.collection, request)], _recorder(ctx))
    return consent_shape(ctx, made[0])


def import_consents(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Records many consents for one collection, all or none."""
    collection = ctx.collection
    made = ctx.stores.privacy.consents.put(
        [_new(collection, one) for one in request["Consents"]], _recorder(ctx)
    )
    return {"ConsentIds": [one.consent_id for one in made]}


def list_consents(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The consents in the order they were recorded, a page at a time, also for a collection that is gone.

    Raises ResourceNotFoundException for a collection that there never was.
    """
    collection, subject = request.get("CollectionId"), request.get("Subject")
    kept = ctx.stores.privacy.consents.all(collection, subject)
    if collection is not None and not kept:
        _ = ctx.collection  # else the log would say that it was used
    numbered = enumerate(kept, 1)  # none is ever removed
    found, token = page_of(f"{_LISTING} {collection} {subject}", numbered, request, _MAX_RESULTS)
    return {"Consents": [consent_shape(ctx, one) for one in found], **token}


def withdraw_consent(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Ends all consents of a person for a collection, and erases their faces in it. Again, it erases what
    was left.
    """
    consents = ctx.stores.privacy.consents
    consent = consents.withdraw(consents.get(request["ConsentId"]), _recorder(ctx))
    reason = Reason(
        cause=Cause.CONSENT_ENDED,
        words=request.get("Reason"),
        caller=ctx.caller,
        request_id=ctx.request_id,
    )
    erasure = _erase(ctx, consent, reason)
    return {**consent_shape(ctx, consents.get(consent.consent_id)), "Erasure": erasure_shape(erasure)}


def consent_shape(ctx: Context, one: Consent) -> dict[str, Any]:
    """A consent as answers have it."""
    consents = ctx.stores.privacy.consents
    shape = {
        "ConsentId": one.consent_id,
        "Subject": one.subject,
        "CollectionId": one.collection,
        "TextVersion": one.text_version,
        "Form": one.form,
        "GivenAt": moment(one.given),
        "Until": _moment(consents.end(one)),
        "Digest": one.evidence,
        "State": consents.state(one, milliseconds()).value,
        "Recorded": moment(one.recorded),
        "RecordedBy": one.recorded_by,
        "Withdrawn": _moment(one.withdrawn),
        "Erased": _moment(one.erased),
    }
    return {name: value for name, value in shape.items() if value is not None}


def _moment(time: int | None) -> datetime | None:
    return None if time is None else moment(time)


def _erase(ctx: Context, consent: Consent, reason: Reason) -> Erasure:
    """Erases the faces of whoever withdrew. Where the collection is gone, it has none, and that is said."""
    privacy, now = ctx.stores.privacy, milliseconds()
    try:
        collection = ctx.stores.collections.get(consent.collection)
        if collection.row == consent.row_of:
            return privacy.faces.erase_subject(collection, consent.subject, reason, now)
    except ResourceNotFoundException:
        pass  # deleted, its faces with it
    with ctx.stores.database.write() as connection:
        privacy.consents.note_erased(connection, consent.row_of, consent.subject, now)
    return privacy.erasures.note(consent.collection, reason, [], 0)


def _new(collection: Collection, one: Mapping[str, Any]) -> NewConsent:
    until = one.get("Until")
    return NewConsent(
        subject=one["Subject"],
        collection=collection.collection_id,
        row_of=collection.row,
        text_version=one["TextVersion"],
        form=one["Form"],
        given=in_milliseconds(one["GivenAt"]),
        until=None if until is None else in_milliseconds(until),
        evidence=one["Digest"],
    )


def _recorder(ctx: Context) -> str:
    return ctx.caller.person_id or LOCAL.key_id


OPERATIONS = (
    Operation(
        name="PutConsent",
        run=put_consent,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.PROTECT_PRIVACY,
        about=COLLECTION,
        notes=("ConsentId", "TextVersion", "Form", "GivenAt", "Until", "Digest"),
        is_own=True,
        presence=Presence.PERSON,
    ),
    Operation(
        name="ImportConsents",
        run=import_consents,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.PROTECT_PRIVACY,
        about=COLLECTION,
        notes=("ConsentIds",),
        is_own=True,
        presence=Presence.PERSON,
    ),
    Operation(
        name="ListConsents",
        run=list_consents,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.PROTECT_PRIVACY,
        about=COLLECTION,
        is_own=True,
        presence=Presence.PERSON,
    ),
    Operation(
        name="WithdrawConsent",
        run=withdraw_consent,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.PROTECT_PRIVACY,
        notes=("ConsentId", "CollectionId"),
        is_own=True,
        presence=Presence.PERSON,
    ),
)
