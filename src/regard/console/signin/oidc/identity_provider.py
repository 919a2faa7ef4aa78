"""The identity provider as it is asked over HTTP: what it says of itself, its keys, and tokens for codes.

What it says of itself and its keys are kept for an hour. A key that is not among them has the keys read anew,
once a minute at most, so that tokens of nobody's can't have it asked all the time.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import structlog

from regard.console.languages import msgid
from regard.console.signin.oidc.provider_settings import ProviderSettings
from regard.errors import AccessDeniedException, ServiceUnavailableException
from regard.notifications.channel import Refused
from regard.notifications.sending import DeliveryFailed, send

_KEPT: Final = 3600.0  # seconds
_FAILED_FOR: Final = 10.0  # seconds for which a provider that is down isn't asked again
_KEYS_EVERY: Final = 60.0
_SECONDS: Final = 4.0  # for each of connecting, sending and waiting: somebody sits before the page
_ROOM: Final = 262_144  # bytes of an answer
_DISCOVERY: Final = "/.well-known/openid-configuration"

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProviderEndpoints:
    """What a provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    authorization: str
    token: str
    keys: str
    end_session: str | None
    takes_basic: bool
    names_issuer: bool


class IdentityProvider:
    """One provider, within what REGARD_WEBHOOKS allows. Thread-safe; one thread asks it at a time."""

    def __init__(
        self, settings: ProviderSettings, *, allowed: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self._allowed = allowed
        self._clock = clock
        self._lock = threading.Lock()
        self._endpoints: tuple[ProviderEndpoints, float] | None = None
        self._keys: tuple[list[Mapping[str, Any]], float] | None = None
        self._failed = -_FAILED_FOR

    def endpoints(self) -> ProviderEndpoints:
        """Where it is asked for what. Raises ServiceUnavailableException where it can't be asked."""
        with self._lock:
            kept = self._endpoints
            if kept is None or self._clock() - kept[1] > _KEPT:
                kept = self._endpoints = (self._discover(), self._clock())
            return kept[0]

    @property
    def end_session(self) -> str | None:
        """Where one signs out of it, if it has said so; it isn't asked for that."""
        return None if self._endpoints is None else self._endpoints[0].end_session

    def keys(self, kid: str | None) -> list[Mapping[str, Any]]:
        """Its public keys (RFC 7517): read anew where none has this id. Raises as `endpoints` does."""
        place = self.endpoints().keys
        with self._lock:
            age = None if self._keys is None else self._clock() - self._keys[1]
            known = [] if self._keys is None else self._keys[0]
            is_known = kid is None or any(key.get("kid") == kid for key in known)
            if age is None or age > (_KEPT if is_known else _KEYS_EVERY):
                found = self._ask("GET", place).get("keys")
                known = [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []
                self._keys = (known, self._clock())
            return known

    def redeem(self, code: str, verifier: str, redirect: str) -> str:
        """The ID token for a code. Raises AccessDeniedException where it takes the code no more, and as
        `endpoints` does.
        """
        endpoints, settings = self.endpoints(), self.settings
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if settings.client_secret is None or not endpoints.takes_basic:
            fields["client_id"] = settings.client_id
        if settings.client_secret is not None and endpoints.takes_basic:
            pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif settings.client_secret is not None:
            fields["client_secret"] = settings.client_secret
        self._refuse_down()
        try:
            answer = self._send("POST", endpoints.token, urlencode(fields).encode(), headers)
        except DeliveryFailed as error:
            if error.status is not None and 400 <= error.status < 500:
                log.warning("the identity provider refused a code", status=error.status)
                raise unverified() from error
            raise self._down(error) from error
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise unverified()
        return token

    def _discover(self) -> ProviderEndpoints:
        said = self._ask("GET", self.settings.issuer.rstrip("/") + _DISCOVERY)
        if said.get("issuer") != self.settings.issuer:
            raise self._down("it names another issuer than REGARD_OIDC")
        places = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(self._is_place(place) for place in places):
            raise self._down("it doesn't say where it is asked")
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        end = said.get("end_session_endpoint")
        return ProviderEndpoints(
            authorization=str(places[0]),
            token=str(places[1]),
            keys=str(places[2]),
            end_session=str(end) if self._is_place(end) else None,
            takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
            names_issuer=said.get("authorization_response_iss_parameter_supported") is True,
        )

    def _is_place(self, place: Any) -> bool:
        schemes = ("https", "http") if self._allowed == "private" else ("https",)
        try:
            return isinstance(place, str) and urlsplit(place).scheme in schemes and "#" not in place
        except ValueError:
            return False

    def _ask(self, method: str, url: str) -> Mapping[str, Any]:
        self._refuse_down()
        try:
            return self._send(method, url, b"", {"Accept": "application/json"})
        except DeliveryFailed as error:
            raise self._down(error) from error

    def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            sent = send(
                url, body, headers, allowed=self._allowed, method=method, max_answer=_ROOM, seconds=_SECONDS
            )
            answer = json.loads(sent)
        except Refused as error:
            raise self._down(error) from error
        except (ValueError, RecursionError) as error:
            raise self._down("its answer is no JSON") from error
        if not isinstance(answer, dict):
            raise self._down("its answer is no JSON object")
        return answer

    def _refuse_down(self) -> None:
        """Raises ServiceUnavailableException while it was down a moment ago: nobody waits for that again."""
        if self._clock() - self._failed < _FAILED_FOR:
            raise _unreachable()

    def _down(self, why: object) -> ServiceUnavailableException:
        self._failed = self._clock()
        log.warning("the identity provider can't be used", why=str(why))
        return _unreachable()


def unverified() -> AccessDeniedException:
    """What came back from the provider is not what was asked for."""
    return AccessDeniedException(
        msgid("What came back from your organisation's sign-in doesn't verify. Begin again.")
    )


def _unreachable() -> ServiceUnavailableException:
    return ServiceUnavailableException(
        msgid(
            "Your organisation's sign-in can't be reached now. Try again in a minute, or sign in another way."
        )
    )
