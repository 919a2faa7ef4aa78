"""How operations of responsible use are declared."""

from __future__ import annotations

from typing import Any

from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.operations.operation import Area, Operation


def responsible(
    name: str, run: Any, permission: Permission, *notes: str, presence: Presence = Presence.PERSON
) -> Operation:
    """The declaration of an operation of Regard's own. `notes` are the members of request and answer that
    its record says; `presence` is who has to be there themself.
    """
    return Operation(
        name=name,
        run=run,
        area=Area.RESPONSIBLE_USE,
        permission=permission,
        notes=notes,
        is_own=True,
        presence=presence,
    )
