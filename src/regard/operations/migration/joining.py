"""The users of a collection elsewhere, with those of their faces that were carried."""

from __future__ import annotations

from collections.abc import Sequence

from regard.collections.users import MAX_FACES
from regard.context import Context
from regard.errors import ConflictException
from regard.migration.journal import MigrationJournal
from regard.migration.records import SourceUser
from regard.resources.request_tokens import IdempotentRequest

_PAGE = 1000
_NOTED = 100  # users of a line of the journal


def join_users(
    ctx: Context, users: Sequence[SourceUser], journal: MigrationJournal, *, even_erased: bool
) -> tuple[int, int, int]:
    """Makes the users that aren't there and gives them their faces, whatever these resemble: the source had
    let them join.

    Whom an earlier run had made and somebody has erased since stays erased, and so does what has left its
    user, unless `even_erased`. How many faces are with their users now, how many users were full, and how
    many are erased. Raises ServiceQuotaExceededException where the collection can't hold so many users.
    """
    associated = full = erased = 0
    known = _names(ctx)
    noted: dict[str, list[str]] = {}
    for number, user in enumerate(users, 1):
        before = journal.users.get(user.user_id)
        if before is not None and user.user_id not in known and not even_erased:
            erased += 1
            continue
        _make(ctx, user.user_id)
        here = ctx.stores.gallery.page(ctx.collection, after=0, limit=MAX_FACES, user_id=user.user_id)
        held = {face.face_id for face in here}
        left = frozenset(before or ()) if not even_erased else frozenset()
        wanted = [face_id for face_id in user.face_ids if face_id not in held and face_id not in left]
        room = MAX_FACES - len(held)
        noted[user.user_id] = [face_id for face_id in user.face_ids if face_id in held]
        full += len(wanted) > room
        if wanted[:room]:
            noted[user.user_id] += _associate(ctx, user.user_id, wanted[:room])
        associated += len(noted[user.user_id])
        if len(noted) >= _NOTED:
            journal.write_users(noted)
            noted = {}
        ctx.report("Users", number, len(users))
    journal.write_users(noted)
    return associated, full, erased


def _names(ctx: Context) -> set[str]:
    """Every user of the collection."""
    found: set[str] = set()
    after = 0
    while page := ctx.stores.users.page(ctx.collection, after=after, limit=_PAGE):
        found.update(user.user_id for user in page)
        after = page[-1].row
    return found


def _make(ctx: Context, user_id: str) -> None:
    try:
        ctx.stores.users.create(ctx.collection, user_id, _request(ctx, {"UserId": user_id}))
    except ConflictException:
        return  # made by an earlier run, or by hand


def _associate(ctx: Context, user_id: str, face_ids: Sequence[str]) -> Sequence[str]:
    request = _request(ctx, {"UserId": user_id, "FaceIds": list(face_ids)})
    joined = ctx.stores.users.associate(ctx.collection, user_id, face_ids, request, threshold=0.0)
    return joined.done


def _request(ctx: Context, parameters: dict[str, object]) -> IdempotentRequest:
    return IdempotentRequest(ctx.caller.key_id, ctx.operation, None, parameters)
