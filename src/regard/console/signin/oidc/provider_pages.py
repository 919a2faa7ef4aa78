"""`/console/provider`: to the identity provider, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from regard.console.page import EVERYBODY, Page, PageAnswer, PageView, RawContent, Redirect
from regard.console.page_lanes import PageLane
from regard.console.signin.doors import SignInDoors
from regard.console.signin.oidc.id_tokens import ProvenIdentity
from regard.console.signin.oidc.leaving import check_address, leaving_view, trip_cookie
from regard.console.signin.oidc.provider_sign_in import CALLBACK, ProviderSignIn
from regard.console.signin.oidc.round_trips import Aim, HalfWay, RoundTrip
from regard.console.signin.pages import (
    HOME,
    answered,
    arrival_of,
    cookies_of,
    needed_place,
    next_of,
    place_of,
    present,
)
from regard.console.signin.sessions import Means
from regard.console.signin.welcome_page import codes_view, qr_of
from regard.console.visit import PageVisit
from regard.errors import ResourceNotFoundException, ServiceError
from regard.governance.presence import Presence, check_presence

log: Any = structlog.get_logger(__name__)


class ProviderPages:
    """Leaving for the provider, coming back, and the second factor of one's own where it says of none."""

    def __init__(self, doors: SignInDoors, provider: ProviderSignIn) -> None:
        self._doors = doors
        self._provider = provider

    def pages(self) -> Sequence[Page]:
        """All of them. What asks the provider waits where it keeps nobody from other pages."""
        return (
            Page(
                path="/console/provider",
                show=self._leave,
                roles=None,
                title="Sign in",
                is_door=True,
                lane=PageLane.PROVIDER,
            ),
            Page(
                path="/console/provider/verify",
                show=self._leave_to_verify,
                acts={"bind": self._leave_to_bind},
                roles=EVERYBODY,
                title="Is it you?",
                lane=PageLane.PROVIDER,
            ),
            Page(
                path=CALLBACK,
                show=self._come_back,
                acts={"code": self._by_code, "passkey": self._by_passkey},
                roles=None,
                title="Sign in",
                is_door=True,
                lane=PageLane.PROVIDER,
                act_lanes={"code": PageLane.QUICK, "passkey": PageLane.QUICK},
            ),
            Page(
                path="/console/provider/logout",
                show=_nothing_to_see,
                acts={"": self._end},
                roles=None,
                is_for_servers=True,
                lane=PageLane.PROVIDER,
            ),
        )

    def _end(self, visit: PageVisit) -> PageAnswer:
        """What the provider sends when somebody has signed out there; 400 says that nothing came of it."""
        try:
            ended = self._provider.back_channel.end(arrival_of(visit).network, visit.form.get("logout_token"))
        except ServiceError as error:
            log.info("a logout token was refused", error=error.code)
            return RawContent(b'{"error":"invalid_request"}', "application/json", status=400)
        log.info("the identity provider has ended sessions", sessions=ended)
        return RawContent(b"", "text/plain")

    def _leave(self, visit: PageVisit) -> PageAnswer:
        if visit.signed_in is not None:
            return Redirect(next_of(visit))
        return self._departed(visit, RoundTrip(Aim.SIGN_IN, next_of(visit)))

    def _leave_to_verify(self, visit: PageVisit) -> PageAnswer:
        signed_in, _ = present(visit)
        return self._departed(visit, RoundTrip(Aim.VERIFY, next_of(visit), signed_in.session))

    def _leave_to_bind(self, visit: PageVisit) -> PageAnswer:
        check_presence(Presence.VERIFIED, visit.caller)
        signed_in, _ = present(visit)
        trip = RoundTrip(Aim.BIND, "/console/account", signed_in.session)
        return leaving_view(visit, self._provider, trip)

    def _departed(self, visit: PageVisit, trip: RoundTrip) -> PageAnswer:
        try:
            check_address(visit, self._provider)
            departure = self._provider.begin(trip)
        except ServiceError as error:
            return self._failed(visit, error, trip.next)
        return Redirect(departure.url, {trip_cookie(visit): departure.sealed})

    def _come_back(self, visit: PageVisit) -> PageAnswer:
        arrival, next_path = arrival_of(visit), HOME
        try:
            check_address(visit, self._provider)
            sealed = visit.cookies.get(trip_cookie(visit), "")
            trip, proven = self._provider.come_back(arrival, sealed, visit.query)
            next_path = trip.next
            if trip.aim is Aim.WELCOME:
                return self._welcomed(visit, trip, proven)
            if trip.aim is Aim.SIGN_IN:
                return self._signed_in(visit, trip, proven)
            signed_in, token = present(visit)
            if trip.aim is Aim.VERIFY:
                self._provider.verify(arrival, signed_in, token, trip, proven)
            else:
                self._provider.bind(arrival, signed_in, trip, proven)
            return Redirect(trip.next, {trip_cookie(visit): None})
        except ServiceError as error:
            return self._failed(visit, error, next_path)

    def _signed_in(self, visit: PageVisit, trip: RoundTrip, proven: ProvenIdentity) -> PageAnswer:
        arrival = arrival_of(visit)
        person = self._provider.person_of(arrival, proven)
        if proven.has_second_factor:
            return self._in(visit, self._provider.open(arrival, person, proven), trip.next)
        owned = self._doors.passkeys.of(person.person_id)
        if not owned and not self._doors.account.has_own_factor(person):
            raise self._provider.refuse_without_factor(arrival, person)
        return self._second(visit, self._provider.wait(trip, proven))

    def _welcomed(self, visit: PageVisit, trip: RoundTrip, proven: ProvenIdentity) -> PageAnswer:
        guest = self._doors.welcome.guest(trip.whom)
        if not proven.has_second_factor or guest.has_factor:
            return self._second(visit, self._provider.wait(trip, proven))
        welcomed = self._doors.welcome.by_provider(
            arrival_of(visit), guest, trip.name, proven, bind=self._provider.identities.bind
        )
        return self._in(visit, welcomed.token, HOME)

    def _second(self, visit: PageVisit, sealed: str, refused: ServiceError | None = None) -> PageView:
        """The form that asks for a second factor here: a code, a passkey, or of a guest a new one."""
        half, _ = self._provider.read_half(sealed)
        place, data = place_of(visit, self._doors.places), {}
        factor, has_passkey, has_factor = None, False, True
        if half.aim is Aim.WELCOME:
            guest = self._doors.welcome.guest(half.whom)
            has_factor = guest.has_factor
            shown = visit.form.get("factor")
            if not has_factor:
                proposals = self._doors.proposals
                factor = proposals.read(half.holder, shown) if shown else proposals.make(half.holder)
        else:
            person_id = self._provider.identities.find(self._provider.provider.settings.issuer, half.subject)
            if person_id is not None and place is not None:
                has_passkey = self._doors.passkeys.has(place, person_id)
                if has_passkey:
                    data = {"Passkey": self._doors.passkeys.request_options(place, person_id)}
        values: dict[str, Any] = {
            "sealed": sealed,
            "action": CALLBACK,
            "provider": self._provider.name,
            "label": half.label,
            "has_passkey": has_passkey,
            "has_factor": has_factor,
            "factor": factor,
            "qr": None if factor is None else qr_of(factor, half.label or "Regard"),
        }
        return answered("provider_second.html", visit, values, data, refused)

    def _by_code(self, visit: PageVisit) -> PageAnswer:
        sealed, arrival = visit.form.get("sealed"), arrival_of(visit)
        try:
            half, proven = self._provider.read_half(sealed)
            if half.aim is Aim.WELCOME:
                return self._welcomed_by_code(visit, half, proven)
            person = self._provider.person_of(arrival, proven)
        except ServiceError as error:
            return self._failed(visit, error, HOME)
        try:
            means = self._doors.sign_in.check_second(arrival, person, visit.form.get("code"))
            self._provider.finish(half)
        except ServiceError as error:
            return self._second(visit, sealed, error)
        self._provider.identities.note_use(proven)
        token = self._doors.sign_in.open(arrival, person, means, account=proven.session)
        return self._in(visit, token, half.next)

    def _by_passkey(self, visit: PageVisit) -> PageAnswer:
        sealed, arrival = visit.form.get("sealed"), arrival_of(visit)
        try:
            half, proven = self._provider.read_half(sealed)
            person = self._provider.person_of(arrival, proven)
        except ServiceError as error:
            return self._failed(visit, error, HOME)
        try:
            place, response = needed_place(visit, self._doors.places), visit.form.get("credential")
            self._doors.sign_in.check_passkey(arrival, person, place, response)
            self._provider.finish(half)
        except ServiceError as error:
            return self._second(visit, sealed, error)
        self._provider.identities.note_use(proven)
        token = self._doors.sign_in.open(arrival, person, Means.PASSKEY, account=proven.session)
        return self._in(visit, token, half.next)

    def _welcomed_by_code(self, visit: PageVisit, half: HalfWay, proven: ProvenIdentity) -> PageAnswer:
        guest, form = self._doors.welcome.guest(half.whom), visit.form
        try:
            welcomed = self._doors.welcome.by_provider(
                arrival_of(visit),
                guest,
                half.name,
                proven,
                bind=self._provider.identities.bind,
                holder=half.holder,
                sealed=form.get("factor"),
                code=form.get("code"),
            )
        except ServiceError as error:
            return self._second(visit, form.get("sealed"), error)
        cookies = {**self._cookies(visit, welcomed.token), trip_cookie(visit): None}
        codes = welcomed.recovery_codes
        return codes_view(codes, cookies) if codes else Redirect(HOME, cookies)

    def _in(self, visit: PageVisit, token: str, next_path: str) -> Redirect:
        return Redirect(next_path, {**self._cookies(visit, token), trip_cookie(visit): None})

    def _cookies(self, visit: PageVisit, token: str) -> dict[str, str | None]:
        return dict(cookies_of(visit, token, self._doors.sessions.find(token)))

    def _failed(self, visit: PageVisit, error: ServiceError, next_path: str) -> PageView:
        values = {"next": next_path, "is_signed_in": visit.signed_in is not None}
        return answered("provider_failed.html", visit, values, {}, error)


def _nothing_to_see(visit: PageVisit) -> PageAnswer:
    raise ResourceNotFoundException(visit.say("The identity provider sends here who has signed out there."))
