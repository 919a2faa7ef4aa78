"""What may be allowed, and which role allows what.

Every operation declares the one permission that it needs. A role lists permissions, so that an operation is
allowed to somebody because it was declared so, never because of how it is named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from regard.errors import RegardError


class Permission(StrEnum):
    """What somebody may do."""

    READ = "list and describe what is kept, and read what jobs have found"
    ANALYZE = "say what a picture shows, and compare two faces"
    SEARCH = "find who in a collection resembles somebody"
    START_JOBS = "start and cancel analyses of stored videos and of many pictures"
    RUN_STREAMS = "set up, start and stop analyses of live video"
    TRAIN = "make, change and delete projects of custom labels, and train, start and stop what they hold"
    ENROL = "make, change, tag and erase collections, faces and users"
    MANAGE_KEYS = "make, list, suspend and resume keys that may do no more than one's own"
    AUDIT = "read and verify the audit log, and measure the face model's errors"
    BACK_UP = "write everything in the database to a file"
    LOWER_PURPOSE = "give a collection a less strict purpose"
    MANAGE_PEOPLE = "make people, give them roles and keys, record their training, suspend them"
    OPEN_CASES = "open and close cases of one's own, and ask for what they need"
    REVIEW = "rate the candidates that searches found, without knowing whose they are"
    APPROVE = "authorize surveillance, reopen reviews and confirm leads"
    PROTECT_PRIVACY = "keep consents, answer complaints, erase on request, hold what a court wants kept"
    SEE_DUTY = "see which reviewers are on duty; of a reviewer, whether they are themself"


_OF_PEOPLE: Final = frozenset(
    {
        Permission.OPEN_CASES,
        Permission.REVIEW,
        Permission.APPROVE,
        Permission.PROTECT_PRIVACY,
        Permission.SEE_DUTY,
    }
)

ROLES: Final[Mapping[str, frozenset[Permission]]] = {
    "admin": frozenset(Permission) - _OF_PEOPLE | {Permission.SEE_DUTY},
    "operator": frozenset(Permission) - _OF_PEOPLE - {Permission.LOWER_PURPOSE, Permission.MANAGE_PEOPLE},
    "investigator": frozenset(
        {
            Permission.READ,
            Permission.ANALYZE,
            Permission.SEARCH,
            Permission.START_JOBS,
            Permission.RUN_STREAMS,
            Permission.OPEN_CASES,
            Permission.SEE_DUTY,
        }
    ),
    "reviewer": frozenset({Permission.READ, Permission.SEARCH, Permission.REVIEW, Permission.SEE_DUTY}),
    "auditor": frozenset({Permission.READ, Permission.AUDIT}),
    "approver": frozenset({Permission.READ, Permission.APPROVE, Permission.SEE_DUTY}),
    "privacy": frozenset({Permission.READ, Permission.PROTECT_PRIVACY}),
}
"""What each role may do at most; a key's own policy narrows it further."""

APART: Final = (
    ("admin", "reviewer"),
    ("admin", "approver"),
    ("operator", "investigator"),
    ("investigator", "auditor"),
)
"""Roles that nobody holds both of: who sets the rules or enrols faces doesn't judge or search."""


def permits(role: str, permission: Permission) -> bool:
    """Whether a role holds a permission; a role that there isn't holds none."""
    return permission in ROLES.get(role, frozenset())


def may_make(caller: str, role: str) -> bool:
    """Whether a key of the role `caller` may make one of `role` that is nobody's in particular.

    What only people may do counts for nothing there, since a key that is nobody's can't do it.
    """
    return ROLES[role] - _OF_PEOPLE <= ROLES.get(caller, frozenset())


def check_roles(roles: Collection[str]) -> None:
    """Raises RegardError for a role that there isn't, for none, or for two that nobody may hold together."""
    if not roles:
        raise RegardError(f"A person needs a role; the roles are {', '.join(ROLES)}.")
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise RegardError(f"There is no role {unknown[0][:80]}; the roles are {', '.join(ROLES)}.")
    for one, other in APART:
        if one in roles and other in roles:
            raise RegardError(f"Nobody may be {one} and {other}; give one of them to somebody else.")
