"""Who rates candidates sees neither how others rated them nor what the face model says before they have."""

from __future__ import annotations

from regard.caller import Caller
from regard.errors import AccessDeniedException
from regard.governance.permissions import Permission, permits


def may_rate(caller: Caller) -> bool:
    """Whether the caller may rate, in this key's role or in any of the person's."""
    roles = caller.roles if caller.person is None else (*caller.roles, *caller.person.roles)
    return any(permits(role, Permission.REVIEW) for role in roles)


def refuse_raters(caller: Caller) -> None:
    """Raises AccessDeniedException for whoever may rate: audit records hold scores, ratings and answers."""
    if may_rate(caller):
        raise AccessDeniedException(
            "Who rates candidates doesn't read audit records, which tell how others rated them; "
            "somebody without the role reviewer does."
        )
