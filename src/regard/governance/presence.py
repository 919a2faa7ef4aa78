"""Who must be there for an operation: a key, a person, or a person who has just shown that it is them."""

from __future__ import annotations

from enum import StrEnum

from regard.caller import LOCAL, Caller
from regard.errors import AccessDeniedException
from regard.governance.sessions import FRESH_MINUTES, is_fresh


class Presence(StrEnum):
    """Who must call."""

    KEY = "any key"
    PERSON = "a person's key, or a session"
    SESSION = "a session"
    VERIFIED = f"a session whose code is at most {FRESH_MINUTES} minutes old"
    OWNER = f"the owner of the data folder, or a session whose code is at most {FRESH_MINUTES} minutes old"


class StaleVerificationException(AccessDeniedException):
    """The session's code is too old for what it was asked for; a new one mends it."""

    @property
    def code(self) -> str:
        return AccessDeniedException.__name__


def check_presence(presence: Presence, caller: Caller) -> None:
    """Raises AccessDeniedException unless whoever must call does."""
    if presence is Presence.KEY:
        return
    if presence is Presence.OWNER and caller.key_id == LOCAL.key_id and caller.person is None:
        return
    if caller.person is None:
        raise AccessDeniedException("This takes a person: call with a key that is somebody's, or a session.")
    if presence is Presence.PERSON:
        return
    if caller.verified is None:
        raise AccessDeniedException(
            "This takes the person, not a key alone: open a session with a code of the second factor, "
            "and send its token in x-regard-session."
        )
    if presence is not Presence.SESSION and not is_fresh(caller):
        raise StaleVerificationException(
            f"The session's code is older than {FRESH_MINUTES} minutes; open another session with a new code."
        )
