"""What the audit log keeps of who signs in to the console, and who tries to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from regard.caller import Person
from regard.governance.audit import AuditLog

SIGN_IN: Final = "sign in"
SIGN_OUT: Final = "sign out"
VERIFY: Final = "verify"
CHANGE: Final = "change sign-in"


class SignInLog:
    """Records of one log. None holds a token, a code or a password, and none what a stranger typed as a name.

    `address` is the network that a browser asks from.
    """

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def done(self, act: str, person: Person, address: str, **facts: Any) -> None:
        """Somebody signed in or out, showed again that it is them, or changed how they do."""
        self._append(act, person, result="ok", address=address, **facts)

    def refused(self, act: str, person: Person, address: str, reason: str) -> None:
        """Somebody's name was given with what isn't theirs."""
        self._append(act, person, result="refused", reason=reason, address=address)

    def _append(self, act: str, person: Person, **facts: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        who = {"key": person.person_id, "name": person.name, "person": person.person_id}
        self._audit.append({"time": now, **who, "operation": act, **facts})
