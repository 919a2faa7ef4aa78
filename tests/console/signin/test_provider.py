"""Signing in by an identity provider that is served over HTTP, and what is refused of what it says."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("joserfc", reason="joserfc is not installed (extra `oidc`)")

from joserfc import jwt
from joserfc.jwk import ECKey
from tests.console.signin.office import CALLBACK, NAMES, PUBLIC, Office
from tests.console.signin.provider import CLIENT


def test_who_was_invited_chooses_the_account_there_and_signs_in_by_it(office: Office) -> None:
    name, browser = office.bound("s-1"), office.browser()
    page = browser.get("/console/sign-in?next=/console/account")
    assert "Sign in by County" in page.text
    answer = office.sign_in(browser, "/console/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/account")
    account = browser.get("/console/account")
    assert (name in account.text, "nina@county.example" in account.text) == (True, True)
    [record] = [one for one in office.records() if one.get("name") == name and one["operation"] == "sign in"][
        1:
    ]
    assert (record["means"], record["result"]) == ("identity provider", "ok")


def test_what_is_asked_has_pkce_a_state_a_nonce_and_the_public_address_whatever_the_host(
    office: Office,
) -> None:
    browser = office.browser()
    left = browser.get("/console/provider")
    asked = {key: one for key, [one] in parse_qs(urlsplit(left.headers["location"]).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == PUBLIC + CALLBACK
    assert {len(asked[name]) for name in ("state", "nonce", "code_challenge")} == {43}
    assert asked["scope"] == "openid email"
    elsewhere = browser.get("/console/provider", headers={"Host": "evil.example"})
    assert (elsewhere.status_code, f"Sign in at {PUBLIC}" in elsewhere.text) == (403, True)


def test_nobody_is_made_by_merely_signing_in(office: Office) -> None:
    office.provider.subject = "stranger"
    browser = office.browser()
    answer = office.sign_in(browser)
    assert (answer.status_code, "Nobody here has this account" in answer.text) == (403, True)
    assert browser.get("/console").status_code == 303


@pytest.mark.parametrize("checked", [True, False, "true", None])
def test_a_newcomer_of_the_domain_is_let_in_where_the_provider_has_checked_the_address(
    office: Office, checked: object
) -> None:
    name = f"new{next(NAMES)}@county.example"
    office.provider.subject = name
    office.provider.claims = {"email": name, "email_verified": checked, "amr": ["mfa"]}
    browser = office.browser()
    assert office.sign_in(browser).status_code == (303 if checked is True else 403)
    if checked is True:
        assert browser.get("/console/account", data=True).json()["Roles"] == ["reviewer"]


def test_an_address_at_another_domain_makes_nobody(office: Office) -> None:
    office.provider.subject = "elsewhere"
    office.provider.claims = {"email": "x@county.example.evil", "email_verified": True, "amr": ["mfa"]}
    assert office.sign_in(office.browser()).status_code == 403


SPOILED = {
    "another nonce": lambda claims: {**claims, "nonce": "another"},
    "no nonce": lambda claims: {name: one for name, one in claims.items() if name != "nonce"},
    "another issuer": lambda claims: {**claims, "iss": "https://evil.example"},
    "another audience": lambda claims: {**claims, "aud": "another"},
    "audiences without a party": lambda claims: {**claims, "aud": [CLIENT, "another"]},
    "another party": lambda claims: {**claims, "azp": "another"},
    "expired": lambda claims: {**claims, "exp": claims["iat"] - 61, "iat": claims["iat"] - 361},
    "of the future": lambda claims: {**claims, "iat": claims["iat"] + 120},
    "not yet good": lambda claims: {**claims, "nbf": claims["iat"] + 120},
    "no subject": lambda claims: {**claims, "sub": ""},
    "a number for a subject": lambda claims: {**claims, "sub": 7},
    "no end": lambda claims: {name: one for name, one in claims.items() if name != "exp"},
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_token_that_is_not_for_this_request_is_refused(office: Office, how: str) -> None:
    office.provider.spoil = SPOILED[how]
    answer = office.sign_in(office.browser())
    assert (answer.status_code, "doesn't verify" in unescape(answer.text)) == (403, True)


@pytest.mark.parametrize("how", ["unsigned", "with_public_key_as_secret", "with_client_secret"])
def test_a_token_without_the_providers_own_signature_is_refused(office: Office, how: str) -> None:
    office.provider.sign = getattr(office.provider, how)
    answer = office.sign_in(office.browser())
    assert (answer.status_code, "doesn't verify" in unescape(answer.text)) == (403, True)


def test_a_changed_token_is_refused(office: Office) -> None:
    provider = office.provider

    def changed(claims: dict[str, Any]) -> str:
        head, _, mark = provider.signed(claims).split(".")
        return f"{head}.{provider.signed({**claims, 'sub': 's-2'}).split('.')[1]}.{mark}"

    provider.sign = changed
    assert office.sign_in(office.browser()).status_code == 403


def test_a_key_that_is_not_known_has_the_keys_read_once_a_minute(office: Office) -> None:
    assert office.sign_in(office.browser()).status_code in (303, 403)  # the keys are read
    provider = office.provider
    provider.sign = lambda claims: provider.signed(claims, kid="another")
    before = provider.requests.count("/keys")
    answers = [office.sign_in(office.browser()).status_code for _ in range(3)]
    assert (answers, provider.requests.count("/keys") - before) == ([403] * 3, 0)


def test_a_key_that_is_new_is_found_when_a_minute_is_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.console.signin.oidc import identity_provider

    office.bound("renewed")
    monkeypatch.setattr(identity_provider, "_KEYS_EVERY", -1.0)
    new = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
    office.provider.keys.append(new)
    office.provider.sign = lambda claims: jwt.encode({"alg": "ES256", "kid": "two"}, claims, new)
    assert office.sign_in(office.browser()).status_code == 303


@pytest.mark.parametrize(
    "unread", [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "odd"}, {"kty": "RSA", "kid": 5}]
)
def test_a_key_that_is_not_understood_says_nothing_against_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch, unread: dict[str, Any]
) -> None:
    from regard.console.signin.oidc import identity_provider

    office.bound(f"unread-{next(NAMES)}")
    monkeypatch.setattr(identity_provider, "_KEYS_EVERY", -1.0)
    kid = f"new-{next(NAMES)}"
    new = ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})
    office.provider.keys.append(new)
    office.provider.unread.append(unread)
    office.provider.sign = lambda claims: jwt.encode({"alg": "ES256", "kid": kid}, claims, new)
    assert office.sign_in(office.browser()).status_code == 303


def test_another_state_and_another_browser_are_refused(office: Office) -> None:
    office.bound("s-3")
    browser = office.browser()
    back = office.way_back(browser.get("/console/provider").headers["location"])
    for visitor, path in ((office.browser(), back), (browser, re.sub("state=[^&]+", "state=x", back))):
        answer = visitor.get(path)
        assert (answer.status_code, "began in another browser" in answer.text) == (403, True)
    assert browser.get(back).status_code == 303


def test_a_code_is_redeemed_once(office: Office) -> None:
    office.bound("s-4")
    browser = office.browser()
    back = office.way_back(browser.get("/console/provider").headers["location"])
    kept = dict(browser.cookies)
    assert browser.get(back).status_code == 303
    redeemed = office.provider.requests.count("/token")
    browser.cookies = kept
    assert browser.get(back).status_code == 403
    assert office.provider.requests.count("/token") == redeemed


def test_a_code_that_the_provider_refuses_lets_nobody_in(office: Office) -> None:
    browser = office.browser()
    left = browser.get("/console/provider").headers["location"]
    state = parse_qs(urlsplit(left).query)["state"][0]
    answer = browser.get(f"{CALLBACK}?code=made-up&state={state}")
    assert (answer.status_code, "doesn't verify" in unescape(answer.text)) == (403, True)


def test_another_issuer_in_the_answer_is_refused(office: Office) -> None:
    browser = office.browser()
    back = office.way_back(browser.get("/console/provider").headers["location"])
    assert browser.get(back + "&iss=https%3A%2F%2Fevil.example").status_code == 403


def test_who_cancels_there_reads_so_in_their_language(office: Office) -> None:
    browser = office.browser()
    left = browser.get("/console/provider").headers["location"]
    state = parse_qs(urlsplit(left).query)["state"][0]
    path = f"{CALLBACK}?error=access_denied&state={state}"
    answer = browser.get(path, headers={"Accept-Language": "de"})
    assert (answer.status_code, "abgebrochen" in answer.text) == (403, True)


def test_a_provider_that_is_down_is_a_sentence(office: Office) -> None:
    browser = office.browser()
    back = office.way_back(browser.get("/console/provider").headers["location"])
    office.provider.is_down = True
    answer = browser.get(back)
    assert (answer.status_code, "be reached now" in answer.text) == (503, True)
