"""What protects the people of a collection when faces are enrolled, tags changed or faces deleted.

Where a face takes a consent, no bystander is enrolled with whoever gave theirs: a picture is taken of one
person alone, and of nobody beside whom another is half as large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from regard.collections.gallery import Permit
from regard.collections.records import Collection
from regard.context import Context
from regard.errors import AccessDeniedException, InvalidParameterException, RegardError
from regard.governance.permissions import Permission, permits
from regard.governance.privacy.erasures import Cause, Reason
from regard.governance.purpose import CONSENT_TAG, RETENTION_TAG
from regard.storage.clock import milliseconds
from regard.vision.faces import Face

_BYSTANDER: Final = 0.5  # of the largest face's size, the square root of its area


def consent_to_enrol(ctx: Context, subject: str | None) -> Permit | None:
    """What is asked as a face of somebody is enrolled; None where the collection asks for no consent.

    It is asked now, too, before anybody's face is examined. Raises InvalidParameterException where it isn't
    said whose face it is, and AccessDeniedException where they have not consented.
    """
    collection, faces = ctx.collection, ctx.stores.privacy.faces
    if not faces.needs_consent(collection):
        return None
    if not subject:
        raise InvalidParameterException(
            f"Faces of {collection.collection_id} take consent: ExternalImageId says whose it is."
        )
    with ctx.stores.database.read() as connection:
        valid = faces.permit(connection, collection.row, [subject])
    ctx.note(consent=valid[subject])
    return lambda connection, row: faces.permit(connection, row, [subject])


def consents_to_load(
    ctx: Context, collection: Collection | None, subjects: Sequence[str] | None
) -> Permit | None:
    """The same for a batch of embeddings, of which each says whose it is; `collection` is None before it is
    made. Raises RegardError.
    """
    faces = ctx.stores.privacy.faces
    if collection is None:
        if faces.always_consent:
            raise RegardError(
                "The rules here ask for consent to each face: make the collection first, and record consents."
            )
        return None
    if not faces.needs_consent(collection):
        return None
    named = list(dict.fromkeys(subjects or [""]))
    if "" in named:
        raise RegardError(f"Faces of {collection.collection_id} take consent: each row names whose it is.")
    with ctx.stores.database.read() as connection:
        faces.permit(connection, collection.row, named)
    return lambda connection, row: faces.permit(connection, row, named)


def only_person(faces: Sequence[Face], accepted: Sequence[Face]) -> list[Face]:
    """The face of the one person whom a picture shows, or none where it was not accepted.

    Raises InvalidParameterException where another face is half as large, in the square root of its area.
    """
    by_size = sorted(faces, key=lambda face: face.box.area, reverse=True)
    if len(by_size) > 1 and by_size[1].box.area ** 0.5 >= _BYSTANDER * by_size[0].box.area ** 0.5:
        raise InvalidParameterException(
            "The picture shows another person, who has not consented: cut it so that it shows one alone."
        )
    return [face for face in accepted if face is by_size[0]]


def check_protection(ctx: Context, collection: Collection, tags: Mapping[str, str | None]) -> None:
    """Raises unless the tags that a collection is given, or loses where their value is None, may be changed.

    Less protection takes an administrator, or AccessDeniedException is raised. Consent is asked for once
    everybody in the collection has given it: InvalidParameterException, until then. The record is told.
    """
    note_protection(ctx, tags)
    weakens = CONSENT_TAG in tags and tags[CONSENT_TAG] is None and collection.consent_since is not None
    if RETENTION_TAG in tags and collection.face_days is not None:
        days = tags[RETENTION_TAG]
        weakens = weakens or days is None or int(days) > collection.face_days
    if weakens and not any(permits(role, Permission.LOWER_PURPOSE) for role in ctx.caller.roles):
        raise AccessDeniedException(
            "This key can't make the protection of a collection weaker; ask an administrator."
        )
    if tags.get(CONSENT_TAG) is not None and collection.consent_since is None:
        without = ctx.stores.privacy.faces.without_consent(collection, milliseconds())
        if without:
            raise InvalidParameterException(
                f"{collection.collection_id} has {without:,} faces of people whose consent is not recorded: "
                "record it, or erase them, before the collection asks for it."
            )


def note_protection(ctx: Context, tags: Mapping[str, str | None]) -> None:
    """Has the record say whether its collection asks for consent from now on, where the tags say so."""
    if CONSENT_TAG in tags:
        ctx.note(consent_asked="no" if tags[CONSENT_TAG] is None else "yes")


def note_deletion(ctx: Context, face_ids: Sequence[str], *, users: int = 0, faces: int | None = None) -> None:
    """Leaves a receipt of what was just deleted, where people are protected; elsewhere it does nothing."""
    collection, privacy = ctx.collection, ctx.stores.privacy
    if ctx.strict is None and not privacy.faces.needs_consent(collection):
        return
    if face_ids or users or faces:
        reason = Reason(cause=Cause.DELETED, caller=ctx.caller, request_id=ctx.request_id, case=ctx.case)
        made = privacy.erasures.note(collection.collection_id, reason, face_ids, users, faces=faces)
        ctx.note(receipt=made.receipt_id)
