"""The provider says that somebody has signed out there, and their sessions here end: OpenID Connect
Back-Channel Logout 1.0.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.console.signin.conftest import Account
from tests.console.visiting import Visitor

from regard.storage.schema import browser_sessions

pytest.importorskip("joserfc", reason="joserfc is not installed (extra `oidc`)")

from joserfc import jwt
from tests.console.signin.office import CALLBACK, NAMES, Office
from tests.console.signin.provider import CLIENT

LOGOUT = "/console/provider/logout"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
MARKS = count()

Claims = dict[str, Any]


def claims_of(office: Office, **changes: Any) -> Claims:
    """Those of a logout token that is good; None takes one out."""
    now = int(time.time())
    claims = {
        "iss": office.provider.issuer,
        "aud": CLIENT,
        "iat": now,
        "exp": now + 120,
        "jti": f"logout-{next(MARKS)}",
        "events": {EVENT: {}},
        **changes,
    }
    return {name: one for name, one in claims.items() if one is not None}


def send(office: Office, claims: Claims, *, kind: str = "logout+jwt") -> httpx.Response:
    """What a provider sends: a form, without a browser's headers or cookies."""
    header = {"alg": "ES256", "kid": "one", "typ": kind}
    return send_token(office, jwt.encode(header, claims, office.provider.key))


def send_token(office: Office, token: str) -> httpx.Response:
    return office.browser().post(LOGOUT, headers={}, logout_token=token)


def signed_in(office: Office, subject: str, sid: str | None = None) -> Visitor:
    """A browser of whose account it is, in a session there."""
    office.provider.subject = subject
    office.provider.claims = {"amr": ["mfa"]} | ({} if sid is None else {"sid": sid})
    browser = office.browser()
    assert office.sign_in(browser).status_code == 303
    assert is_in(browser)
    return browser


def is_in(browser: Visitor) -> bool:
    return browser.get("/console").status_code == 200


def test_who_signs_out_there_is_signed_out_here_everywhere_they_came_by_it(office: Office) -> None:
    name, _ = office.bound("b-1"), office.bound("b-2")
    first, second, others = signed_in(office, "b-1"), signed_in(office, "b-1", "s"), signed_in(office, "b-2")
    before = len(office.records())
    answer = send(office, claims_of(office, sub="b-1"))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert [is_in(one) for one in (first, second, others)] == [False, False, True]
    out = [one for one in office.records()[before:] if one["operation"] == "sign out"]
    assert [(one["name"], one["by"]) for one in out] == [(name, "identity provider")]


@pytest.mark.parametrize("subject", ["b-3", None])
def test_a_session_there_ends_its_own_sessions_here_alone(office: Office, subject: str | None) -> None:
    whose = f"b-3-{subject}"
    office.bound(whose)
    one, two = signed_in(office, whose, f"one-{subject}"), signed_in(office, whose, f"two-{subject}")
    told = whose if subject else None
    assert send(office, claims_of(office, sub=told, sid=f"one-{subject}")).status_code == 200
    assert (is_in(one), is_in(two)) == (False, True)


def test_a_session_that_the_provider_did_not_name_ends_with_its_account(office: Office) -> None:
    office.bound("b-4")
    browser = signed_in(office, "b-4")
    assert send(office, claims_of(office, sub="b-4", sid="any")).status_code == 200
    assert not is_in(browser)


def test_who_showed_a_second_factor_of_their_own_on_the_way_is_signed_out_too(office: Office) -> None:
    nina = Account(office, f"own{next(NAMES)}", "reviewer")
    person = office.parts.stores.accountability.people.get(nina.name)
    _bind(office, person, "b-5")
    office.provider.subject, office.provider.claims = "b-5", {"sid": "s-5"}
    browser = office.browser()
    sealed = re.findall(r'name="sealed" value="([^"]+)"', office.sign_in(browser).text)[0]
    assert browser.post(CALLBACK, act="code", sealed=sealed, code=nina.telephone.code()).status_code == 303
    kept = select(browser_sessions.c.sid).where(browser_sessions.c.person_id == person.person_id)
    with office.parts.database.read() as connection:
        assert set(connection.execute(kept).scalars()) == {"s-5", None}
    assert send(office, claims_of(office, sid="s-5")).status_code == 200
    with office.parts.database.read() as connection:
        assert list(connection.execute(kept).scalars()) == [None]  # the one that came by password


def test_a_guest_s_first_session_ends_too(office: Office) -> None:
    office.provider.claims = {"amr": ["mfa"], "sid": "s-guest"}
    office.bound("b-6")
    kept = select(browser_sessions.c.subject).where(browser_sessions.c.sid == "s-guest")
    with office.parts.database.read() as connection:
        assert connection.execute(kept).scalars().all() == ["b-6"]
    assert send(office, claims_of(office, sid="s-guest")).status_code == 200
    with office.parts.database.read() as connection:
        assert connection.execute(kept).scalars().all() == []


Spoil = Callable[[Office], Claims]
SPOILED: dict[str, Spoil] = {
    "another issuer": lambda office: claims_of(office, sub="b-7", iss="https://evil.example"),
    "another audience": lambda office: claims_of(office, sub="b-7", aud=["another"]),
    "no audience": lambda office: claims_of(office, sub="b-7", aud=None),
    "no time": lambda office: claims_of(office, sub="b-7", iat=None),
    "of the future": lambda office: claims_of(office, sub="b-7", iat=int(time.time()) + 120),
    "old": lambda office: claims_of(office, sub="b-7", iat=int(time.time()) - 700, exp=None),
    "expired": lambda office: claims_of(office, sub="b-7", exp=int(time.time()) - 61),
    "an end that is no time": lambda office: claims_of(office, sub="b-7", exp="soon"),
    "no mark": lambda office: claims_of(office, sub="b-7", jti=None),
    "a mark that is no text": lambda office: claims_of(office, sub="b-7", jti=7),
    "no events": lambda office: claims_of(office, sub="b-7", events=None),
    "another event": lambda office: claims_of(office, sub="b-7", events={"https://other.example": {}}),
    "an event that is no object": lambda office: claims_of(office, sub="b-7", events={EVENT: True}),
    "a nonce": lambda office: claims_of(office, sub="b-7", nonce="n"),
    "nobody": lambda office: claims_of(office),
    "a subject that is no text": lambda office: claims_of(office, sub=7),
    "a session that is no text": lambda office: claims_of(office, sub="b-7", sid=["x"]),
}


@pytest.fixture(scope="module")
def nina(office_of_module: Office) -> Visitor:
    """A browser of whose account is `b-7`."""
    office_of_module.forget_tries()
    office_of_module.provider.reset()
    office_of_module.bound("b-7")
    return signed_in(office_of_module, "b-7")


@pytest.mark.parametrize("how", SPOILED)
def test_a_token_that_is_no_logout_of_now_ends_nothing(office: Office, nina: Visitor, how: str) -> None:
    answer = send(office, SPOILED[how](office))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    assert is_in(nina)


def test_a_token_that_the_provider_did_not_sign_as_a_logout_ends_nothing(
    office: Office, nina: Visitor
) -> None:
    good = claims_of(office, sub="b-7")
    assert send(office, good, kind="at+jwt").status_code == 400
    for made in (office.provider.unsigned, office.provider.with_client_secret):
        assert send_token(office, made(good)).status_code == 400
    headers_that_are_none = ("WyJhbGciXQ.e30.AA", "ImFsZyI.e30.AA")  # ["alg"] and "alg"
    for token in ("", "a.b.c", "x" * 70_000, *headers_that_are_none):
        assert send_token(office, token).status_code == 400
    now = int(time.time())
    id_token = {"iss": office.provider.issuer, "aud": CLIENT, "sub": "b-7", "iat": now, "exp": now + 300}
    assert send_token(office, office.provider.signed({**id_token, "nonce": "n"})).status_code == 400
    assert is_in(nina)
    assert good["jti"] not in office.log()


def test_a_token_is_good_once_and_one_without_an_end_or_a_kind_is_good(office: Office) -> None:
    office.bound("b-8")
    browser, claims = signed_in(office, "b-8"), claims_of(office, sub="b-8", exp=None)
    assert send(office, claims, kind="JWT").status_code == 200
    assert not is_in(browser)
    again = signed_in(office, "b-8")
    assert send(office, claims, kind="JWT").status_code == 400
    assert is_in(again)
    assert send(office, claims_of(office, sub="nobody-here")).status_code == 200


def test_a_logout_token_lets_nobody_in(office: Office, nina: Visitor) -> None:
    office.provider.spoil = lambda _claims: claims_of(office, sub="b-7")
    assert office.sign_in(office.browser()).status_code == 403


def test_the_address_is_for_the_provider_alone(office: Office) -> None:
    assert office.browser().get(LOGOUT).status_code == 404
    assert office.browser().post(LOGOUT, act="provider").status_code == 404


def _bind(office: Office, person: Any, subject: str) -> None:
    from regard.console.signin.oidc.id_tokens import ProvenIdentity
    from regard.console.signin.oidc.identities import ProviderIdentities

    proven = ProvenIdentity(office.provider.issuer, subject, "x", None, False, None)
    ProviderIdentities(office.parts.database).bind(person, proven)
