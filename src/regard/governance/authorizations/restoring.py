"""A restored backup lets no authorization live again that has ended since it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import delete

from regard.governance.authorizations.records import VOID, Authorization, Standing
from regard.governance.authorizations.rows import insert_authorization, read_authorizations
from regard.storage.database import Database
from regard.storage.schema import authorizations as table

_OPEN: Final = frozenset({Standing.APPROVED, Standing.ACTIVE, Standing.EXIGENT, Standing.AWAITING})
_UNDECIDED: Final = frozenset({Standing.EXIGENT, Standing.AWAITING})
_WHY: Final = "A backup was restored, and nothing tells whether it still holds."


def settle_restored(restored: Database, replaced: Database | None, now: int) -> list[str]:
    """Makes the authorizations of a restored database what they are in the one that it replaces.

    What that doesn't know, or where there is none, is ended if it isn't over: a backup can't tell what was
    refused or revoked since. Answers the ids of those that were. What was found under a void one came back
    with the backup, and is erased again by the upkeep. `now` is in milliseconds since the epoch.
    """
    known: dict[str, Authorization] = {}
    if replaced is not None:
        with replaced.read() as connection:
            known = {one.authorization_id: one for one in read_authorizations(connection)}
    ended = []
    with restored.write() as connection:
        for one in read_authorizations(connection):
            settled = known.get(one.authorization_id)
            if settled is None:
                settled = _ended(one, now)
                ended += [] if settled is one else [one.authorization_id]
            if settled.state(now) in VOID:
                settled = replace(settled, erased=None, erasure_record=None)
            connection.execute(delete(table).where(table.c.authorization_id == one.authorization_id))
            insert_authorization(connection, settled)
    return ended


def _ended(one: Authorization, now: int) -> Authorization:
    """The authorization, ended where it might go on: one that no authority has allowed lapses."""
    state = one.state(now)
    if state in _UNDECIDED:
        return replace(one, lapsed=now, ended_for=_WHY)
    return replace(one, revoked=now, ended_for=_WHY) if state in _OPEN else one
