"""The pages of signing in and out: `/console/sign-in`, `/console/sign-out`, `/console/verify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from regard.console.cookies import LANGUAGE_COOKIE, is_loopback, session_cookie
from regard.console.page import EVERYBODY, Page, PageAnswer, PageView, Redirect
from regard.console.paths import inner_path
from regard.console.signin.doors import SignInDoors
from regard.console.signin.oidc.leaving import provider_name
from regard.console.signin.places import PasskeyPlace, PasskeyPlaces, better_address
from regard.console.signin.sessions import SignedIn
from regard.console.signin.sign_in import Arrival
from regard.console.visit import PageVisit
from regard.errors import (
    AccessDeniedException,
    ServiceError,
    ServiceUnavailableException,
    ThrottlingException,
)

HOME: Final = "/console"
_REFUSED: Final = 403
_THROTTLED: Final = 429
_UNPROCESSABLE: Final = 422


class SignInPages:
    """The pages by which somebody comes and goes."""

    def __init__(self, doors: SignInDoors) -> None:
        self._doors = doors

    def pages(self) -> Sequence[Page]:
        """All of them."""
        return (
            Page(
                path="/console/sign-in",
                show=self._show,
                acts={"password": self._by_password, "passkey": self._by_passkey},
                roles=None,
                title="Sign in",
                is_door=True,
            ),
            Page(
                path="/console/sign-out",
                show=lambda _: Redirect(HOME),
                acts={"leave": self._leave, "everywhere": self._leave_everywhere},
                roles=EVERYBODY,
                title="Sign out",
            ),
            Page(
                path="/console/verify",
                show=self._show_verify,
                acts={"code": self._verify_by_code, "passkey": self._verify_by_passkey},
                roles=EVERYBODY,
                title="Is it you?",
            ),
        )

    def _show(self, visit: PageVisit) -> PageAnswer:
        moved = moved_to(visit, self._doors.places)
        if moved is not None:
            return moved
        if visit.signed_in is not None:
            return Redirect(next_of(visit))
        return self._form(visit)

    def _form(self, visit: PageVisit, refused: ServiceError | None = None) -> PageView:
        place = place_of(visit, self._doors.places)
        has_passkeys = place is not None and self._doors.passkeys.has(place)
        data = {"Passkey": self._doors.passkeys.request_options(place)} if place and has_passkeys else {}
        provider = self._doors.provider
        values = {
            "next": next_of(visit),
            "name": visit.form.get("name"),
            "has_passkeys": has_passkeys,
            "has_place": place is not None,
            "provider": provider_name(visit, provider),
            "left": None if provider is None or "left" not in visit.query else provider.left_url,
            "elsewhere": better_address(visit.scheme, visit.host, self._doors.places.public_url),
            "is_safe": can_sign_in(visit, self._doors.places),
        }
        return answered("sign_in.html", visit, values, data, refused)

    def _by_password(self, visit: PageVisit) -> PageAnswer:
        name, code = visit.form.get("name"), visit.form.get("code")
        try:
            token = self._doors.sign_in.by_password(arrival_of(visit), name, visit.form.get("password"), code)
        except (AccessDeniedException, ThrottlingException) as error:
            return self._form(visit, error)
        return self._in(visit, token)

    def _by_passkey(self, visit: PageVisit) -> PageAnswer:
        try:
            place = needed_place(visit, self._doors.places)
            token = self._doors.sign_in.by_passkey(arrival_of(visit), place, visit.form.get("credential"))
        except (AccessDeniedException, ThrottlingException) as error:
            return self._form(visit, error)
        return self._in(visit, token)

    def _in(self, visit: PageVisit, token: str) -> Redirect:
        signed_in = self._doors.sessions.find(token)
        return Redirect(next_of(visit), cookies_of(visit, token, signed_in))

    def _leave(self, visit: PageVisit) -> PageAnswer:
        signed_in, token = present(visit)
        self._doors.sign_in.sign_out(arrival_of(visit), signed_in, token)
        return self._gone(visit)

    def _leave_everywhere(self, visit: PageVisit) -> PageAnswer:
        signed_in, _ = present(visit)
        self._doors.sign_in.sign_out_everywhere(arrival_of(visit), signed_in)
        return self._gone(visit)

    def _gone(self, visit: PageVisit) -> Redirect:
        left = "" if self._doors.provider is None else "?left=1"
        return Redirect(f"/console/sign-in{left}", {session_cookie(visit.scheme, visit.host): None})

    def _show_verify(self, visit: PageVisit) -> PageView:
        return self._verify_form(visit)

    def _verify_form(self, visit: PageVisit, refused: ServiceError | None = None) -> PageView:
        signed_in, _ = present(visit)
        place = place_of(visit, self._doors.places)
        person_id = signed_in.person.person_id
        has_passkey = place is not None and self._doors.passkeys.has(place, person_id)
        data: Mapping[str, Any] = {}
        if place is not None and has_passkey:
            data = {"Passkey": self._doors.passkeys.request_options(place, person_id)}
        values = {
            "next": next_of(visit),
            "has_passkey": has_passkey,
            "has_factor": signed_in.has_second_factor,
            "provider": self._verifying_provider(visit, person_id),
        }
        return answered("verify.html", visit, values, data, refused)

    def _verifying_provider(self, visit: PageVisit, person_id: str) -> str | None:
        """What it is called, if it can say that it is them."""
        provider = self._doors.provider
        if provider is None or not provider.can_verify or not provider.identities.of(person_id):
            return None
        return provider_name(visit, provider)

    def _verify_by_code(self, visit: PageVisit) -> PageAnswer:
        signed_in, token = present(visit)
        try:
            self._doors.sign_in.verify_by_code(arrival_of(visit), signed_in, token, visit.form.get("code"))
        except (AccessDeniedException, ThrottlingException) as error:
            return self._verify_form(visit, error)
        return Redirect(next_of(visit))

    def _verify_by_passkey(self, visit: PageVisit) -> PageAnswer:
        signed_in, token = present(visit)
        try:
            place, response = needed_place(visit, self._doors.places), visit.form.get("credential")
            self._doors.sign_in.verify_by_passkey(arrival_of(visit), signed_in, token, place, response)
        except (AccessDeniedException, ThrottlingException) as error:
            return self._verify_form(visit, error)
        return Redirect(next_of(visit))


def present(visit: PageVisit) -> tuple[SignedIn, str]:
    """Who is signed in, and by which token, on a page for such alone."""
    if visit.signed_in is None or visit.token is None:
        raise AccessDeniedException("Sign in first.")
    return visit.signed_in, visit.token


def arrival_of(visit: PageVisit) -> Arrival:
    """Where somebody comes from."""
    return Arrival(visit.stranger.address or "", visit.token)


def next_of(visit: PageVisit) -> str:
    """Where somebody goes on to: a page of the console that they came for."""
    wanted = visit.form.get("next") or visit.query.get("next", "")
    return inner_path(wanted) or HOME


def place_of(visit: PageVisit, places: PasskeyPlaces) -> PasskeyPlace | None:
    """Where passkeys are good, if they are at the address that was called."""
    return places.at(visit.scheme, visit.host)


def needed_place(visit: PageVisit, places: PasskeyPlaces) -> PasskeyPlace:
    """The same. Raises AccessDeniedException where they are not."""
    place = place_of(visit, places)
    if place is None:
        raise AccessDeniedException(visit.say("Passkeys are not good at this address."))
    return place


def can_sign_in(visit: PageVisit, places: PasskeyPlaces) -> bool:
    """Whether the browser keeps a session's cookie from here: by TLS, or on this machine itself."""
    return (
        visit.scheme == "https"
        or is_loopback(visit.scheme, visit.host)
        or place_of(visit, places) is not None
    )


def moved_to(visit: PageVisit, places: PasskeyPlaces) -> Redirect | None:
    """The same page at `localhost`, for who came to an IP address of this machine; else None."""
    if not is_loopback(visit.scheme, visit.host) or place_of(visit, places) is not None:
        return None
    better = better_address(visit.scheme, visit.host, None)
    return None if better is None else Redirect(better + visit.here())


def cookies_of(visit: PageVisit, token: str, signed_in: SignedIn | None) -> Mapping[str, str | None]:
    """The cookies of who has just signed in: their session's, and their language's where they chose one."""
    cookies: dict[str, str | None] = {session_cookie(visit.scheme, visit.host): token}
    if signed_in is not None and signed_in.language is not None:
        cookies[LANGUAGE_COOKIE] = signed_in.language
    return cookies


def answered(
    template: str,
    visit: PageVisit,
    values: Mapping[str, Any],
    data: Mapping[str, Any],
    refused: ServiceError | None,
) -> PageView:
    """A form, with what was wrong with it when it was sent."""
    if refused is None:
        return PageView(template, {**values, "refused": ""}, data)
    status = _UNPROCESSABLE
    if isinstance(refused, AccessDeniedException):
        status = _REFUSED
    elif isinstance(refused, ThrottlingException):
        status = _THROTTLED
    elif isinstance(refused, ServiceUnavailableException):
        status = refused.status
    said = {"__type": refused.code, "message": refused.message}
    return PageView(template, {**values, "refused": visit.say(refused.message)}, {**data, **said}, status)
