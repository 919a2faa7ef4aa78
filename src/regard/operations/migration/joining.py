"""The users of a collection elsewhere, with those of their faces that were carried."""

from __future__ import annotations

from collections.abc import Sequence

from regard.collections.users import MAX_FACES
from regard.context import Context
from regard.errors import ConflictException
from regard.migration.records import SourceUser
from regard.resources.request_tokens import IdempotentRequest


def join_users(ctx: Context, users: Sequence[SourceUser]) -> tuple[int, int]:
    """Makes the users that aren't there and gives them their faces, whatever these resemble: the source had
    let them join.

    How many faces are with their users now, and how many users were full. Raises
    ServiceQuotaExceededException where the collection can't hold so many users.
    """
    associated = full = 0
    for number, user in enumerate(users, 1):
        _make(ctx, user.user_id)
        here = ctx.stores.gallery.page(ctx.collection, after=0, limit=MAX_FACES, user_id=user.user_id)
        held = {face.face_id for face in here}
        wanted = [face_id for face_id in user.face_ids if face_id not in held]
        room = MAX_FACES - len(held)
        associated += sum(face_id in held for face_id in user.face_ids)
        full += len(wanted) > room
        if wanted[:room]:
            associated += _associate(ctx, user.user_id, wanted[:room])
        ctx.report("Users", number, len(users))
    return associated, full


def _make(ctx: Context, user_id: str) -> None:
    try:
        ctx.stores.users.create(ctx.collection, user_id, _request(ctx, {"UserId": user_id}))
    except ConflictException:
        return  # made by an earlier run, or by hand


def _associate(ctx: Context, user_id: str, face_ids: Sequence[str]) -> int:
    request = _request(ctx, {"UserId": user_id, "FaceIds": list(face_ids)})
    joined = ctx.stores.users.associate(ctx.collection, user_id, face_ids, request, threshold=0.0)
    return len(joined.done)


def _request(ctx: Context, parameters: dict[str, object]) -> IdempotentRequest:
    return IdempotentRequest(ctx.caller.key_id, ctx.operation, None, parameters)
