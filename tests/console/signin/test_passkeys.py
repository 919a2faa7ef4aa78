"""A passkey lets in its person alone, at its own address, and each signature once."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from itertools import count
from typing import Any

import pytest
from tests.console.signin.authenticator import Authenticator
from tests.console.signin.conftest import Account, House
from tests.console.visiting import ORIGIN, Visitor

from regard.caller import LOCAL
from regard.console.signin.challenges import Challenges
from regard.console.signin.passkeys import NewPasskey, Passkeys
from regard.console.signin.places import PasskeyPlace, PasskeyPlaces, better_address
from regard.storage.encryption import Cipher

NAMES = count()


class Owner:
    """Somebody who came by a link, with a passkey."""

    def __init__(self, house: House, *roles: str) -> None:
        self.house = house
        self.name = f"paula{next(NAMES)}"
        self.authenticator = Authenticator()
        self.browser = house.browser()
        link = house.invited(self.name, *roles or ("auditor",))
        made = self.authenticator.make(self.browser.get(link, data=True).json()["Passkey"])
        answer = self.browser.post(link, act="passkey", credential=made)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console")

    def options(self, browser: Visitor, path: str = "/console/sign-in") -> Any:
        return browser.get(path, data=True).json()["Passkey"]

    def sign_in(self, browser: Visitor, **how: Any) -> int:
        return send(browser, self.authenticator.sign(self.options(browser), **how))


def send(browser: Visitor, credential: str) -> int:
    return browser.post("/console/sign-in", act="passkey", credential=credential).status_code


@pytest.fixture
def paula(house: House) -> Owner:
    house.forget_tries()
    return Owner(house)


def test_a_passkey_lets_its_person_in(house: House, paula: Owner) -> None:
    assert paula.browser.get("/console").status_code == 200
    other = house.browser()
    assert paula.sign_in(other) == 303
    assert paula.name in other.get("/console").text


def test_the_first_administrator_may_come_with_a_passkey(tmp_path: Any) -> None:
    from regard.app import build
    from regard.settings import Settings

    parts = build(Settings.load({}, data=tmp_path / "data"), has_models=False)
    house, authenticator = House(parts), Authenticator()
    link, browser = house.link(), house.browser()
    made = authenticator.make(browser.get(link, data=True).json()["Passkey"])
    refused = browser.post(link, act="passkey", name="no blanks please", credential=made)
    assert refused.status_code == 422
    made = authenticator.make(browser.get(link, data=True).json()["Passkey"])
    assert browser.post(link, act="passkey", name="ann", credential=made).status_code == 303
    assert [one.roles for one in parts.stores.accountability.people.all()] == [("admin",)]
    parts.close()


def test_what_was_signed_lets_in_once(house: House, paula: Owner) -> None:
    browser = house.browser()
    signed = paula.authenticator.sign(paula.options(browser))
    assert send(browser, signed) == 303
    assert send(house.browser(), signed) == 403


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:8091"},
        {"origin": "https://localhost:8090"},
        {"domain": "evil.example"},
        {"verified": False},
        {"handle": "c29tZWJvZHkgZWxzZQ"},
    ],
    ids=str,
)
def test_what_was_signed_for_another_place_or_by_nobody_known_is_refused(
    house: House, paula: Owner, how: dict[str, Any]
) -> None:
    assert paula.sign_in(house.browser(), **how) == 403


def test_another_key_does_not_sign_for_the_passkey(house: House, paula: Owner) -> None:
    forger = Authenticator()
    forger.id, forger.handle, forger.count = paula.authenticator.id, paula.authenticator.handle, 10
    browser = house.browser()
    assert send(browser, forger.sign(paula.options(browser))) == 403


def test_a_copy_of_a_passkey_that_counts_is_noticed(house: House, paula: Owner) -> None:
    assert paula.sign_in(house.browser()) == 303
    paula.authenticator.count -= 1
    assert paula.sign_in(house.browser()) == 403


def test_a_challenge_of_one_s_own_making_is_refused(house: House, paula: Owner) -> None:
    browser = house.browser()
    made_up = {
        **paula.options(browser),
        "challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    }
    assert send(browser, paula.authenticator.sign(made_up)) == 403


def test_a_challenge_of_a_link_makes_no_passkey_at_another(house: House) -> None:
    one, other = house.invited(f"a{next(NAMES)}", "auditor"), house.invited(f"b{next(NAMES)}", "auditor")
    made = Authenticator().make(house.browser().get(one, data=True).json()["Passkey"])
    assert house.browser().post(other, act="passkey", credential=made).status_code == 403


def test_a_challenge_for_signing_in_verifies_nobody(house: House, paula: Owner) -> None:
    signed = paula.authenticator.sign(paula.options(house.browser()))
    assert paula.browser.post("/console/verify", act="passkey", credential=signed).status_code == 403


def test_a_passkey_of_somebody_else_verifies_nobody(house: House, paula: Owner) -> None:
    other = Owner(house)
    options = paula.options(paula.browser, "/console/verify")
    signed = other.authenticator.sign(options)
    assert paula.browser.post("/console/verify", act="passkey", credential=signed).status_code == 403
    signed = paula.authenticator.sign(paula.options(paula.browser, "/console/verify"))
    assert paula.browser.post("/console/verify", act="passkey", credential=signed).status_code == 303


def test_a_suspended_person_s_passkey_lets_nobody_in(house: House, paula: Owner) -> None:
    house.parts.gate.call("suspend_person", {"PersonId": paula.name}, LOCAL)
    assert paula.sign_in(house.browser()) == 403


def test_the_last_way_in_is_not_removed_and_another_is(house: House, paula: Owner) -> None:
    first = paula.authenticator

    def remove(authenticator: Authenticator) -> int:
        name = json.loads(authenticator.sign(paula.options(house.browser())))["id"]
        return paula.browser.post("/console/account", act="remove", credential_id=name).status_code

    assert remove(first) == 422
    second = Authenticator()
    made = second.make(paula.options(paula.browser, "/console/account"))
    assert second.handle == first.handle
    added = paula.browser.post("/console/account", act="passkey", credential=made, passkey_name="key")
    assert added.status_code == 303
    assert remove(first) == 303
    assert paula.sign_in(house.browser()) == 403
    paula.authenticator = second
    assert paula.sign_in(house.browser()) == 303


@pytest.mark.parametrize("field", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
def test_bytes_that_no_authenticator_has_made_are_refused(house: House, paula: Owner, field: str) -> None:
    browser = house.browser()
    signed = json.loads(paula.authenticator.sign(paula.options(browser)))
    for value in ("", "!", "AAAA", 7, [], {}, "9" * 40_000, "w6k"):
        signed["response"][field] = value
        assert send(browser, json.dumps(signed)) == 403
    for value in (
        "",
        "[]",
        "[" * 20_000,
        "{}",
        '{"response": null}',
        '{"response": {"clientDataJSON": "e30"}}',
        json.dumps({"response": {"clientDataJSON": urlsafe_b64encode(b"[" * 20_000).decode()}}),
    ):
        assert send(browser, value) == 403


@pytest.mark.parametrize("name", ["\ud800", "\0", "!", "", 7, None])
def test_a_passkey_whose_id_is_no_base64url_is_not_known(house: House, paula: Owner, name: Any) -> None:
    browser = house.browser()
    signed = json.loads(paula.authenticator.sign(paula.options(browser)))
    assert send(browser, json.dumps({**signed, "id": name})) == 403


def test_an_account_that_is_no_text_has_no_passkey(house: House, paula: Owner) -> None:
    assert paula.sign_in(house.browser(), handle="\ud800") == 403


def test_passkeys_belong_to_localhost_and_to_the_public_address_alone() -> None:
    url = "https://vision.example.org"
    places = PasskeyPlaces(url, 8090)
    place = places.at("http", "vision.example.org")  # as a proxy passes it on
    assert place is not None
    assert (place.domain, place.origin) == ("vision.example.org", url)
    assert places.at("https", "evil.example") is None
    assert places.at("https", "127.0.0.1:8090") is None
    assert PasskeyPlaces(None, 8090, 8091).at("https", "vision.example.org") is None
    assert better_address("https", "10.0.0.5:8091", url) == url


@pytest.mark.parametrize(
    ("scheme", "host", "origin"),
    [
        ("http", "localhost:8090", "http://localhost:8090"),
        ("http", "LOCALHOST:8090", "http://localhost:8090"),
        ("https", "localhost:443", "https://localhost"),
        ("https", "localhost", "https://localhost"),
        ("http", "localhost:3000", None),
        ("http", "localhost", None),
        ("https", "localhost:8090", None),
        ("http", "localhost:443", None),
    ],
)
def test_at_localhost_passkeys_are_good_at_the_ports_of_the_server_alone(
    scheme: str, host: str, origin: str | None
) -> None:
    place = PasskeyPlaces(None, 8090, 443).at(scheme, host)
    assert (place and place.origin) == origin


def test_what_was_signed_for_a_page_at_another_port_is_refused_whatever_host_it_says(
    house: House, paula: Owner
) -> None:
    browser, other = house.browser(), "localhost:3000"
    signed = paula.authenticator.sign(paula.options(browser), origin=f"http://{other}")
    headers = {"Host": other, "Origin": f"http://{other}"}
    answer = browser.post("/console/sign-in", act="passkey", credential=signed, headers=headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert "Passkey" not in browser.get("/console/sign-in", data=True, headers={"Host": other}).json()


def test_a_passkey_is_offered_where_there_is_one_that_is_good_there(house: House) -> None:
    nina = Account(house, "offered", "reviewer")
    person = house.parts.stores.accountability.people.get(nina.name)
    owned = Passkeys(
        house.parts.database, Challenges(house.parts.database, Cipher(house.parts.settings.keys))
    )
    here, elsewhere = PasskeyPlace("localhost", ORIGIN), PasskeyPlace("vision.example.org", "https://x")
    owned.add(person, NewPasskey("b2ZmZXJlZA", "aGFuZGxl", b"key", 0, "vision.example.org"), "")
    assert (owned.has(here, person.person_id), owned.has(elsewhere, person.person_id)) == (False, True)
    page = nina.browser.get("/console/verify")
    assert ("Use your passkey" in page.text, 'name="code"' in page.text) == (False, True)
    owned.add(person, NewPasskey("aGVyZQ", "aGFuZGxl", b"key", 0, "localhost"), "")
    assert "Use your passkey" in nina.browser.get("/console/verify").text
    assert "Sign in with a passkey" in house.browser().get("/console/sign-in").text
