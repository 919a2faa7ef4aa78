"""CreateUser, DeleteUser, ListUsers, AssociateFaces, DisassociateFaces."""

from __future__ import annotations

from typing import Any

from regard.collections.records import LOW_CONFIDENCE, NOT_FOUND, OF_ANOTHER_USER, RefusedFace
from regard.context import Context
from regard.governance.permissions import Permission
from regard.governance.purpose import JOINING
from regard.operations.collections.consent import note_deletion
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Bill, Operation
from regard.operations.subjects import COLLECTION
from regard.operations.withholding import MatchPath
from regard.resources.request_tokens import IdempotentRequest

_MAX_USERS_LISTED = 500
_REASONS = {
    NOT_FOUND: "FACE_NOT_FOUND",
    OF_ANOTHER_USER: "ASSOCIATED_TO_A_DIFFERENT_USER",
    LOW_CONFIDENCE: "LOW_MATCH_CONFIDENCE",
}


def create_user(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a user, who has no face yet."""
    collection = ctx.collection
    ctx.stores.users.create(collection, request["UserId"], _once(ctx, request))
    return {}


def delete_user(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Erases a user and its vector. Its faces stay in the collection."""
    collection = ctx.collection
    ctx.stores.users.delete(collection, request["UserId"], _once(ctx, request))
    note_deletion(ctx, [], users=1)
    return {}


def list_users(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The users of a collection in the order they were made, a page at a time."""
    collection = ctx.collection
    listing = f"users/{collection.row}"
    limit = request.get("MaxResults") or _MAX_USERS_LISTED
    after = read_token(listing, request.get("NextToken"))
    found = ctx.stores.users.page(collection, after=after, limit=limit + 1)
    page = found[:limit]
    response: dict[str, Any] = {
        "Users": [{"UserId": user.user_id, "UserStatus": user.status} for user in page]
    }
    if len(found) > limit:
        response["NextToken"] = make_token(listing, page[-1].row)
    return response


def associate_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Gives a user the faces that match it, the best first; the others are named with reasons."""
    collection = ctx.collection
    association = ctx.stores.users.associate(
        collection,
        request["UserId"],
        list(dict.fromkeys(request["FaceIds"])),
        _once(ctx, request),
        threshold=ctx.threshold,
    )
    if association.is_repeated:
        ctx.meter.repeat()
    return {
        "AssociatedFaces": [{"FaceId": face_id} for face_id in association.done],
        "UnsuccessfulFaceAssociations": [_refused(face) for face in association.refused],
        "UserStatus": association.status,
    }


def disassociate_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Takes faces away from a user. They stay in the collection."""
    collection = ctx.collection
    association = ctx.stores.users.disassociate(
        collection, request["UserId"], list(dict.fromkeys(request["FaceIds"])), _once(ctx, request)
    )
    if association.is_repeated:
        ctx.meter.repeat()
    return {
        "DisassociatedFaces": [{"FaceId": face_id} for face_id in association.done],
        "UnsuccessfulFaceDisassociations": [_refused(face) for face in association.refused],
        "UserStatus": association.status,
    }


def _once(ctx: Context, request: dict[str, Any]) -> IdempotentRequest:
    """The request as its ClientRequestToken names it, with the threshold that applies."""
    matched = {"UserMatchThreshold": ctx.threshold} if ctx.threshold else {}
    return IdempotentRequest.read(ctx.caller.key_id, ctx.operation, {**request, **matched})


def _refused(face: RefusedFace) -> dict[str, Any]:
    shape = {
        "FaceId": face.face_id,
        "UserId": face.user_id,
        "Confidence": face.confidence,
        "Reasons": [] if face.reason is None else [_REASONS[face.reason]],
    }
    return {name: value for name, value in shape.items() if value is not None}


# How alike a face is to a user whom it may not join would tell, face by face, who resembles whom.
_REFUSED = MatchPath(("UnsuccessfulFaceAssociations",), ("Confidence",), keeps_entry=True)

OPERATIONS = (
    Operation(
        name="CreateUser",
        run=create_user,
        area=Area.USERS,
        permission=Permission.ENROL,
        about=COLLECTION,
    ),
    Operation(
        name="DeleteUser",
        run=delete_user,
        area=Area.USERS,
        permission=Permission.ENROL,
        about=COLLECTION,
    ),
    Operation(
        name="ListUsers",
        run=list_users,
        area=Area.USERS,
        permission=Permission.READ,
        about=COLLECTION,
    ),
    Operation(
        name="AssociateFaces",
        run=associate_faces,
        area=Area.USERS,
        permission=Permission.ENROL,
        about=COLLECTION,
        matches=JOINING,
        shows=_REFUSED,
        bills=Bill.IMAGE_1,
    ),
    Operation(
        name="DisassociateFaces",
        run=disassociate_faces,
        area=Area.USERS,
        permission=Permission.ENROL,
        about=COLLECTION,
        bills=Bill.IMAGE_1,
    ),
)
