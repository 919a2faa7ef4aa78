"""Who calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the installation, as the database knew them when the request came.

    `person_id` is like `P-2026-000007`. `suspended` is in milliseconds since the epoch, or None.
    """

    person_id: str
    name: str
    roles: tuple[str, ...]
    suspended: int | None = None


def is_person_id(name: str) -> bool:
    """Whether an id is a person's; ids of keys begin otherwise."""
    return name.startswith("P-")


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller, as the key store knew them when the request came.

    `key_id` is the access key id, `local` for the owner of the data folder (CLI, in-process client), or the
    id of a person who is signed in to the console.
    `policy` is an IAM-style document, or None for just what the role allows. `purpose` is what the key was
    issued for: its requests follow at least that purpose's rules, whatever collection they touch. Who keeps
    a caller for later, as a job does, looks the key up again before each pass through the gate.

    `person` is whose key it is, None for a key that is nobody's in particular. `case_id` is the case that the
    key was made for, and `expired` whether its hours are over. `verified` is when the person showed their
    second factor in the session that the request belongs to, in milliseconds since the epoch; None where it
    belongs to no session. `browser` names the session of a browser in which they are signed in to the
    console, and opens none; None for all others. `address` is the network that an unsigned request came from;
    None for all others.
    """

    key_id: str
    name: str
    role: str
    policy: Mapping[str, Any] | None = None
    purpose: str = "general"
    suspended: bool = False
    person: Person | None = None
    case_id: str | None = None
    expired: bool = False
    verified: int | None = None
    browser: str | None = None
    address: str | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that the caller acts in: a key in its own, a person who is there in all of theirs."""
        return (self.role,) if self.person is None or self.verified is None else self.person.roles

    @property
    def person_id(self) -> str | None:
        return None if self.person is None else self.person.person_id

    @property
    def holders(self) -> tuple[str, ...]:
        """Under which ids quotas count what they do: the key's, and the person's where that is another."""
        return tuple(dict.fromkeys(name for name in (self.key_id, self.person_id) if name is not None))


NOBODY = Caller(key_id="nobody", name="nobody", role="nobody")
"""Whoever has signed nothing. There is no such role: only what is public is theirs."""

LOCAL = Caller(key_id="local", name="local", role="admin")
"""Whoever owns the data folder, at the command line or in-process."""
