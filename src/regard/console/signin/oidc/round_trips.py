"""Between leaving for the provider and coming back: what only the same browser may come back with, once."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, TypeVar

from regard.console.languages import msgid
from regard.console.signin.challenges import Challenges
from regard.errors import AccessDeniedException, RegardError
from regard.storage.clock import milliseconds
from regard.storage.encryption import Cipher

MINUTES: Final = 10
_LONGEST: Final = 3500  # characters: a cookie has 4,096 bytes with its name
_LONGEST_PATH: Final = 1000


class Aim(StrEnum):
    """What somebody leaves for the provider for."""

    SIGN_IN = "sign in"
    VERIFY = "verify"
    BIND = "bind"
    WELCOME = "welcome"


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What was asked of the provider. `whom` is the session for which it was, or the invitation's code;
    `name` is what the first administrator wants to be called. `began` is in milliseconds since the epoch.
    """

    aim: Aim
    next: str
    whom: str = field(default="", repr=False)
    name: str = ""
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    began: int = field(default_factory=milliseconds)

    @property
    def challenge(self) -> str:
        """Of the verifier, by S256 (RFC 7636, section 4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Somebody whom the provider knows, and who has yet to show a second factor of their own here."""

    aim: Aim
    next: str
    subject: str
    label: str
    whom: str = field(default="", repr=False)
    name: str = ""
    sid: str | None = None  # the session there, where the provider says which
    mark: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    began: int = field(default_factory=milliseconds)

    @property
    def holder(self) -> str:
        """For whom a new second factor is proposed."""
        return f"provider {self.mark}"


_Trip = TypeVar("_Trip", RoundTrip, HalfWay)


class RoundTrips:
    """Seals them, for the browser to keep, and opens them. Each is good for `MINUTES`, and once."""

    def __init__(self, cipher: Cipher, challenges: Challenges) -> None:
        self._cipher = cipher
        self._challenges = challenges

    def seal(self, trip: RoundTrip | HalfWay) -> str:
        """The text that only this server reads."""
        told = {name: value for name, value in asdict(trip).items() if value is not None}
        if len(trip.next) > _LONGEST_PATH:
            told["next"] = "/console"
        sealed = self._cipher.encrypt(json.dumps(told).encode(), type(trip).__name__)
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, kind: type[_Trip], sealed: str) -> _Trip:
        """What was sealed. Raises AccessDeniedException for what wasn't, and for what is over."""
        try:
            if len(sealed) > _LONGEST:
                raise over()
            content = base64.b64decode(sealed, altchars=b"-_", validate=True)
            told: dict[str, Any] = json.loads(self._cipher.decrypt(content, kind.__name__))
        except (RegardError, ValueError) as error:
            raise over() from error
        known = {one.name for one in fields(kind)}  # a server of the next version may say more
        opened = kind(**{name: told[name] for name in known & set(told)} | {"aim": Aim(told["aim"])})
        if opened.began + MINUTES * 60_000 <= milliseconds():
            raise over()
        return opened

    def use_up(self, trip: RoundTrip | HalfWay) -> None:
        """Raises AccessDeniedException where it was used before: of two who come at once, one is refused."""
        mark = trip.state if isinstance(trip, RoundTrip) else trip.mark
        try:
            self._challenges.use_up(mark.encode(), trip.began + MINUTES * 60_000)
        except AccessDeniedException as error:
            raise over() from error


def over() -> AccessDeniedException:
    """The round trip is no more to be gone on with."""
    return AccessDeniedException(
        msgid("This sign-in took too long, was used before, or began in another browser. Begin again.")
    )
