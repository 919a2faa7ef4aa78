"""Signing in by an identity provider that is served over HTTP, and what is refused of what it says."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import update
from tests.console.signin.conftest import Account, House, recovery_codes
from tests.console.signin.telephone import Telephone
from tests.console.visiting import Visitor

from regard.app import asgi, build
from regard.caller import LOCAL
from regard.settings import Settings
from regard.storage.schema import passkeys, provider_identities

pytest.importorskip("joserfc", reason="joserfc is not installed (extra `oidc`)")

from joserfc import jwt
from joserfc.jwk import ECKey
from tests.console.signin.provider import CLIENT, SECRET, Provider

PUBLIC = "https://vision.example.org"
CALLBACK = "/console/provider/callback"
NAMES = count()


class Office(House):
    """An installation whose people sign in at a provider."""

    def __init__(self, parts: Any, provider: Provider) -> None:
        super().__init__(parts)
        self.provider = provider
        self.application = asgi(parts)

    def browser(self) -> Visitor:
        return Visitor(self.application, origin=PUBLIC)

    def come_back(self, browser: Visitor, left: httpx.Response) -> httpx.Response:
        """The provider's page, which sends the browser back at once."""
        return browser.get(self.way_back(left.headers["location"]))

    def way_back(self, url: str) -> str:
        """The path by which the provider sends a browser back."""
        back = httpx.get(url).headers["location"]
        assert back.startswith(PUBLIC + CALLBACK + "?")
        return back.removeprefix(PUBLIC)

    def sign_in(self, browser: Visitor, path: str = "/console") -> httpx.Response:
        return self.come_back(browser, browser.get(f"/console/provider?next={path}"))

    def bound(self, subject: str, *roles: str) -> str:
        """The name of somebody who was invited, and chose their account at the provider."""
        name, browser = f"nina{next(NAMES)}", self.browser()
        self.provider.subject = subject
        page = browser.post(self.invited(name, *(roles or ("reviewer",))), act="provider")
        [url] = re.findall(r'href="(http://127[^"]+)"', page.text)
        answer = browser.get(self.way_back(url.replace("&amp;", "&")))
        assert answer.status_code == 303, answer.text
        return name


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    with provider.serving():
        yield provider


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    file = folder / "provider.toml"
    file.write_text(
        f'issuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\nname = "County"\nscopes = ["email"]\n'
        'second_factor_amr = ["mfa"]\n[[newcomers]]\ndomain = "county.example"\nroles = ["reviewer"]\n'
    )
    settings = Settings.load(
        {},
        data=folder / "data",
        public_url=PUBLIC,
        oidc=str(file),
        oidc_secret=SECRET,
        webhooks="private",
        public_requests=10_000,
    )
    parts = build(settings, has_models=False)
    yield Office(parts, provider)
    parts.close()


@pytest.fixture
def office(built: Office) -> Office:
    built.forget_tries()
    built.provider.reset()
    return built


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


def test_without_a_second_factor_there_the_own_one_is_asked(office: Office) -> None:
    nina = Account(office, f"own{next(NAMES)}", "reviewer")
    person = office.parts.stores.accountability.people.get(nina.name)
    _bind(office, person, "s-own")
    office.provider.subject, office.provider.claims = "s-own", {"amr": ["pwd"]}
    browser = office.browser()
    page = office.sign_in(browser)
    assert (page.status_code, "One more step" in page.text) == (200, True)
    assert browser.get("/console").status_code == 303
    sealed = re.findall(r'name="sealed" value="([^"]+)"', page.text)[0]
    assert browser.post(CALLBACK, act="code", sealed=sealed, code="000000").status_code == 403
    code = nina.telephone.code()
    assert browser.post(CALLBACK, act="code", sealed=sealed, code=code).status_code == 303
    assert browser.get("/console").status_code == 200
    again = office.browser().post(CALLBACK, act="code", sealed=sealed, code=nina.codes[0])
    assert again.status_code == 403


def test_without_any_second_factor_nobody_comes_in(office: Office) -> None:
    office.bound("s-5")
    office.provider.claims = {}
    answer = office.sign_in(office.browser())
    assert (answer.status_code, "you have none here" in answer.text) == (403, True)


def test_a_guest_without_a_second_factor_there_makes_one_here(office: Office) -> None:
    office.provider.subject, office.provider.claims = "s-6", {}
    browser, name = office.browser(), f"guest{next(NAMES)}"
    page = browser.post(office.invited(name, "auditor"), act="provider")
    [url] = re.findall(r'href="(http://127[^"]+)"', page.text)
    form = browser.get(office.way_back(url.replace("&amp;", "&"))).text
    fields = dict(re.findall(r'name="(sealed|factor)" value="([^"]+)"', form))
    shown = browser.post(CALLBACK, act="code", code=Telephone.scanning(form).code(), **fields)
    assert len(recovery_codes(shown.text)) == 10
    assert browser.get("/console").status_code == 200


def test_who_showed_it_hours_ago_shows_it_again_before_what_takes_them(office: Office) -> None:
    office.bound("s-7", "admin")
    office.provider.authenticated = int(time.time()) - 3600
    browser = office.browser()
    assert office.sign_in(browser).status_code == 303
    assert "Changes take you" in browser.get("/console/account").text
    left = browser.get("/console/provider/verify?next=/console/account")
    asked = parse_qs(urlsplit(left.headers["location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    stale = office.come_back(browser, left)
    assert (stale.status_code, "just now" in stale.text) == (403, True)
    office.provider.authenticated = None
    office.come_back(browser, browser.get("/console/provider/verify?next=/console/account"))
    assert "Changes take you" not in browser.get("/console/account").text


def test_another_person_s_account_verifies_nobody(office: Office) -> None:
    office.bound("s-8")
    office.bound("s-9")
    browser = office.browser()
    assert office.sign_in(browser).status_code == 303
    left = browser.get("/console/provider/verify")
    office.provider.subject = "s-8"
    assert office.come_back(browser, left).status_code == 403


def test_an_account_is_added_and_removed_by_who_has_just_shown_that_it_is_them(office: Office) -> None:
    office.bound("s-10")
    browser = office.browser()
    assert office.sign_in(browser).status_code == 303
    office.provider.subject = "s-11"
    page = browser.post("/console/provider/verify", act="bind")
    [url] = re.findall(r'href="(http://127[^"]+)"', page.text)
    assert browser.get(office.way_back(url.replace("&amp;", "&"))).status_code == 303
    assert browser.post("/console/account", act="unbind", subject="s-10").status_code == 303
    only = browser.post("/console/account", act="unbind", subject="s-11")
    assert "your only way to sign in" in only.text
    assert office.sign_in(office.browser()).status_code == 303


def test_an_account_at_a_provider_of_before_is_no_way_to_sign_in(office: Office) -> None:
    name, browser = office.bound("s-before"), office.browser()
    assert office.sign_in(browser).status_code == 303
    person = office.parts.stores.accountability.people.get(name)
    key = {"credential_id": "cred", "handle": "handle", "public_key": b"key", "sign_count": 0, "name": "One"}
    of_person = provider_identities.c.person_id == person.person_id
    with office.parts.database.write() as connection:
        connection.execute(passkeys.insert().values(person_id=person.person_id, added=1, **key))
        connection.execute(
            update(provider_identities).where(of_person).values(issuer="https://before.example")
        )
    only = browser.post("/console/account", act="remove", credential_id="cred")
    assert "your only way to sign in" in only.text
    with office.parts.database.write() as connection:
        connection.execute(update(provider_identities).where(of_person).values(issuer=office.provider.issuer))
    assert browser.post("/console/account", act="remove", credential_id="cred").status_code == 303


def test_an_account_is_one_person_s_alone(office: Office) -> None:
    office.bound("s-12")
    browser = office.browser()
    link = office.invited(f"second{next(NAMES)}", "auditor")
    page = browser.post(link, act="provider")
    [url] = re.findall(r'href="(http://127[^"]+)"', page.text)
    answer = browser.get(office.way_back(url.replace("&amp;", "&")))
    assert "somebody" in answer.text
    assert browser.get(link).status_code == 200  # the link stays good


def test_suspension_and_a_reset_end_it(office: Office) -> None:
    name = office.bound("s-13")
    office.parts.gate.call("suspend_person", {"PersonId": name}, LOCAL)
    assert "You are suspended here" in office.sign_in(office.browser()).text
    name = office.bound("s-14")
    office.parts.gate.call("reset_second_factor", {"PersonId": name}, LOCAL)
    assert "Nobody here has this account" in office.sign_in(office.browser()).text


def test_who_signs_out_is_led_to_sign_out_there_too(office: Office) -> None:
    office.bound("s-15")
    browser = office.browser()
    office.sign_in(browser)
    left = browser.post("/console/sign-out", act="leave").headers["location"]
    assert f"{office.provider.issuer}/leave?client_id=regard" in browser.get(left).text
    assert browser.get("/console").status_code == 303


def test_no_record_has_a_code_a_token_or_a_secret(office: Office) -> None:
    office.bound("s-16")
    log = office.log()
    assert SECRET not in log
    assert not any(code in log for code in office.provider.codes)


def _bind(office: Office, person: Any, subject: str) -> None:
    from regard.console.signin.oidc.id_tokens import ProvenIdentity
    from regard.console.signin.oidc.identities import ProviderIdentities

    proven = ProvenIdentity(office.provider.issuer, subject, "x", None, False, None)
    ProviderIdentities(office.parts.database).bind(person, proven)


def test_what_began_in_no_browser_counts_as_no_try_of_its_network(office: Office) -> None:
    """Else a page anywhere, with thirty pictures at the address, would keep an office from signing in."""
    for _ in range(31):
        assert office.browser().get(f"{CALLBACK}?code=c&state=s").status_code == 403
    office.bound("s-pictures")
    assert office.sign_in(office.browser(), "/console/account").status_code == 303
