"""What may be allowed, and which role allows what.

Every operation declares the one permission that it needs. A role lists permissions, so that an operation is
allowed to somebody because it was declared so, never because of how it is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What somebody may do."""

    READ = "list and describe what is kept, and read what jobs have found"
    ANALYZE = "say what a picture shows, and compare two faces"
    SEARCH = "find who in a collection resembles somebody"
    START_JOBS = "start and cancel analyses of stored videos and of many pictures"
    ENROL = "make, change, tag and erase collections, faces and users"
    MANAGE_KEYS = "make, list, suspend and resume keys that may do no more than one's own"
    AUDIT = "read and verify the audit log, and measure the face model's errors"
    BACK_UP = "write everything in the database to a file"
    LOWER_PURPOSE = "give a collection a less strict purpose"


ROLES: Final[Mapping[str, frozenset[Permission]]] = {
    "admin": frozenset(Permission),
    "operator": frozenset(Permission) - {Permission.LOWER_PURPOSE},
    "investigator": frozenset(
        {Permission.READ, Permission.ANALYZE, Permission.SEARCH, Permission.START_JOBS}
    ),
    "reviewer": frozenset({Permission.READ, Permission.SEARCH}),
    "auditor": frozenset({Permission.READ, Permission.AUDIT}),
}
"""What each role may do at most; a key's own policy narrows it further."""


def permits(role: str, permission: Permission) -> bool:
    """Whether a role holds a permission; a role that there isn't holds none."""
    return permission in ROLES.get(role, frozenset())
