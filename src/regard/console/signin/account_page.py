"""`/console/account`: what somebody signs in with, and where they are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.console.cookies import LANGUAGE_COOKIE
from regard.console.languages import LANGUAGES
from regard.console.page import EVERYBODY, Page, PageAnswer, PageView, Redirect
from regard.console.signin.doors import SignInDoors
from regard.console.signin.oidc.leaving import provider_name
from regard.console.signin.pages import (
    answered,
    arrival_of,
    needed_place,
    place_of,
    present,
)
from regard.console.signin.welcome_page import codes_view, qr_of
from regard.console.visit import PageVisit
from regard.errors import ServiceError, ValidationException
from regard.governance.presence import Presence, check_presence

_PATH = "/console/account"


class AccountPage:
    """The page of one's own account. What changes it takes somebody who has just shown that it is them."""

    def __init__(self, doors: SignInDoors) -> None:
        self._doors = doors

    def pages(self) -> Sequence[Page]:
        """The page."""
        return (
            Page(
                path=_PATH,
                show=self._form,
                acts={
                    "passkey": self._add_passkey,
                    "remove": self._remove_passkey,
                    "password": self._choose_password,
                    "codes": self._renew_codes,
                    "language": self._choose_language,
                    "unbind": self._remove_identity,
                },
                roles=EVERYBODY,
                title="Account",
            ),
        )

    def _form(self, visit: PageVisit, refused: ServiceError | None = None) -> PageView:
        signed_in, _ = present(visit)
        person, account = signed_in.person, self._doors.account
        place = place_of(visit, self._doors.places)
        data: dict[str, Any] = {
            "PersonId": person.person_id,
            "Name": person.name,
            "Roles": list(person.roles),
        }
        if place is not None and visit.is_fresh:
            options = account.passkeys.creation_options(
                place, person.name, person.person_id, person.person_id
            )
            data["Passkey"] = options
        factor = None
        if visit.is_fresh and not signed_in.has_second_factor:
            sealed = visit.form.get("factor")
            proposals = self._doors.proposals
            factor = proposals.read(person.person_id, sealed) if sealed else proposals.make(person.person_id)
        values = {
            "account": person,
            "owned": account.passkeys.of(person.person_id),
            "sessions": account.sessions.of(person.person_id),
            "session": signed_in.session,
            "has_password": account.passwords.has(person),
            "has_factor": signed_in.has_second_factor,
            "identities": account.identities.of(person.person_id),
            "provider": provider_name(visit, self._doors.provider),
            "codes_left": account.recovery.left(person),
            "has_place": place is not None,
            "chosen": signed_in.language or "",
            "factor": factor,
            "qr": None if factor is None else qr_of(factor, person.name),
        }
        return answered("account.html", visit, values, data, refused)

    def _add_passkey(self, visit: PageVisit) -> PageAnswer:
        check_presence(Presence.VERIFIED, visit.caller)
        signed_in, _ = present(visit)
        place, form = needed_place(visit, self._doors.places), visit.form
        try:
            self._doors.account.add_passkey(
                arrival_of(visit), signed_in, place, form.get("credential"), form.get("passkey_name")
            )
        except ServiceError as error:
            return self._form(visit, error)
        return Redirect(_PATH)

    def _remove_passkey(self, visit: PageVisit) -> PageAnswer:
        check_presence(Presence.VERIFIED, visit.caller)
        signed_in, token = present(visit)
        try:
            credential_id = visit.form.get("credential_id")
            self._doors.account.remove_passkey(arrival_of(visit), signed_in, token, credential_id)
        except ServiceError as error:
            return self._form(visit, error)
        return Redirect(_PATH)

    def _remove_identity(self, visit: PageVisit) -> PageAnswer:
        check_presence(Presence.VERIFIED, visit.caller)
        signed_in, token = present(visit)
        try:
            subject = visit.form.get("subject")
            self._doors.account.remove_identity(arrival_of(visit), signed_in, token, subject)
        except ServiceError as error:
            return self._form(visit, error)
        return Redirect(_PATH)

    def _choose_password(self, visit: PageVisit) -> PageAnswer:
        check_presence(Presence.VERIFIED, visit.caller)
        signed_in, token = present(visit)
        form = visit.form
        try:
            codes = self._doors.account.choose_password(
                arrival_of(visit),
                signed_in,
                token,
                form.get("password"),
                form.get("factor"),
                form.get("code"),
            )
        except ServiceError as error:
            return self._form(visit, error)
        return codes_view(codes) if codes else Redirect(_PATH)

    def _renew_codes(self, visit: PageVisit) -> PageAnswer:
        check_presence(Presence.VERIFIED, visit.caller)
        signed_in, _ = present(visit)
        return codes_view(self._doors.account.renew_codes(arrival_of(visit), signed_in))

    def _choose_language(self, visit: PageVisit) -> PageAnswer:
        signed_in, _ = present(visit)
        language = visit.form.get("language") or None
        if language is not None and language not in LANGUAGES:
            raise ValidationException(visit.say("There is no such language here."))
        self._doors.account.choose_language(signed_in, language)
        return Redirect(_PATH, {LANGUAGE_COOKIE: language})
