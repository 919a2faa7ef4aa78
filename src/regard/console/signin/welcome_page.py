"""`/console/welcome`: who follows a link chooses what they sign in with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import segno
from markupsafe import Markup

from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.page_lanes import PageLane
from regard.console.signin.doors import SignInDoors
from regard.console.signin.oidc.leaving import leaving_view, provider_name
from regard.console.signin.oidc.round_trips import Aim, RoundTrip
from regard.console.signin.pages import (
    HOME,
    answered,
    arrival_of,
    can_sign_in,
    cookies_of,
    moved_to,
    needed_place,
    place_of,
)
from regard.console.signin.proposed_factor import ProposedFactor
from regard.console.signin.welcome import Guest, Welcomed
from regard.console.visit import PageVisit
from regard.errors import AccessDeniedException, ServiceError
from regard.governance.second_factor import provisioning_uri


class WelcomePage:
    """The page that a link opens."""

    def __init__(self, doors: SignInDoors) -> None:
        self._doors = doors

    def pages(self) -> Sequence[Page]:
        """The page."""
        return (
            Page(
                path="/console/welcome",
                show=self._show,
                acts={
                    "password": self._by_password,
                    "passkey": self._by_passkey,
                    "provider": self._by_provider,
                },
                roles=None,
                title="Welcome",
                is_door=True,
                act_lanes={"provider": PageLane.PROVIDER},
            ),
        )

    def _show(self, visit: PageVisit) -> PageAnswer:
        moved = moved_to(visit, self._doors.places)
        return self._form(visit, self._guest(visit)) if moved is None else moved

    def _guest(self, visit: PageVisit) -> Guest:
        try:
            return self._doors.welcome.guest(visit.query.get("code", ""))
        except AccessDeniedException as error:
            raise AccessDeniedException(visit.say(error.message)) from error

    def _form(self, visit: PageVisit, guest: Guest, refused: ServiceError | None = None) -> PageView:
        place = place_of(visit, self._doors.places)
        name = visit.form.get("name") if guest.person is None else guest.person.name
        data: Mapping[str, Any] = {}
        if place is not None:
            person_id = None if guest.person is None else guest.person.person_id
            options = self._doors.passkeys.creation_options(place, name or "Regard", guest.whom, person_id)
            data = {"Passkey": options}
        factor = None if guest.has_factor else self._factor(visit, guest)
        values = {
            "guest": guest,
            "name": name,
            "has_place": place is not None,
            "is_safe": can_sign_in(visit, self._doors.places),
            "provider": provider_name(visit, self._doors.provider),
            "factor": factor,
            "qr": None if factor is None else qr_of(factor, name or "Regard"),
        }
        return answered("welcome.html", visit, values, data, refused)

    def _factor(self, visit: PageVisit, guest: Guest) -> ProposedFactor:
        """The one that the form has shown already, so that a telephone keeps what it has scanned."""
        sealed = visit.form.get("factor")
        return (
            self._doors.proposals.read(guest.whom, sealed)
            if sealed
            else self._doors.proposals.make(guest.whom)
        )

    def _by_password(self, visit: PageVisit) -> PageAnswer:
        guest, form = self._guest(visit), visit.form
        try:
            welcomed = self._doors.welcome.by_password(
                arrival_of(visit),
                guest,
                form.get("name"),
                form.get("password"),
                form.get("factor"),
                form.get("code"),
            )
        except ServiceError as error:
            return self._form(visit, guest, error)
        return codes_view(welcomed.recovery_codes, self._cookies(visit, welcomed))

    def _by_passkey(self, visit: PageVisit) -> PageAnswer:
        guest, form = self._guest(visit), visit.form
        try:
            place = needed_place(visit, self._doors.places)
            welcomed = self._doors.welcome.by_passkey(
                arrival_of(visit), guest, form.get("name"), place, form.get("credential"), form.get("code")
            )
        except ServiceError as error:
            return self._form(visit, guest, error)
        return Redirect(HOME, self._cookies(visit, welcomed))

    def _by_provider(self, visit: PageVisit) -> PageAnswer:
        guest, provider = self._guest(visit), self._doors.provider
        try:
            if provider is None:
                raise AccessDeniedException(visit.say("This page has no such act."))
            trip = RoundTrip(Aim.WELCOME, HOME, guest.invitation.code, visit.form.get("name"))
            return leaving_view(visit, provider, trip)
        except ServiceError as error:
            return self._form(visit, guest, error)

    def _cookies(self, visit: PageVisit, welcomed: Welcomed) -> Mapping[str, str | None]:
        return cookies_of(visit, welcomed.token, self._doors.sessions.find(welcomed.token))


def codes_view(codes: Sequence[str], cookies: Mapping[str, str | None] | None = None) -> PageView:
    """Recovery codes, which are shown this once."""
    return PageView(
        "recovery_codes.html", {"codes": codes}, {"RecoveryCodes": list(codes)}, cookies=cookies or {}
    )


def qr_of(factor: ProposedFactor, name: str) -> Markup:
    """A second factor as a QR code, dark on white in every mode, so that cameras read it."""
    drawn = BytesIO()
    segno.make(provisioning_uri(factor.secret, name), error="m").save(
        drawn, kind="svg", scale=5, border=4, light="#fff", xmldecl=False, svgns=True, svgclass="qr", nl=False
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 segno's own drawing of modules, with nothing of anybody's text
