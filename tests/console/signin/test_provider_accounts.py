"""Accounts at an identity provider: their second factor, whose they are, and how they end."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update
from tests.console.signin.conftest import Account, recovery_codes
from tests.console.signin.telephone import Telephone

from regard.caller import LOCAL
from regard.storage.schema import passkeys, provider_identities

pytest.importorskip("joserfc", reason="joserfc is not installed (extra `oidc`)")

from tests.console.signin.office import CALLBACK, NAMES, Office
from tests.console.signin.provider import SECRET


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


def test_a_second_factor_that_was_shown_yesterday_counts_for_nothing(office: Office) -> None:
    """The provider was asked for one of twelve hours at most (`max_age`), and may pass that over."""
    office.bound("s-yesterday")
    office.provider.authenticated = int(time.time()) - 13 * 3600
    answer = office.sign_in(office.browser())
    assert (answer.status_code, "you have none here" in answer.text) == (403, True)
    office.provider.authenticated = int(time.time()) - 11 * 3600
    assert office.sign_in(office.browser()).status_code == 303


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
