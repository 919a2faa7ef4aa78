"""Signing in by the pages, without JavaScript: the link, password and codes, what is refused and recorded."""

from __future__ import annotations

from contextlib import AbstractContextManager
from itertools import count
from typing import Any, Literal
from urllib.parse import unquote

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, update
from tests.console.signin.conftest import PASSWORD, Account, House, recovery_codes, sealed
from tests.console.signin.telephone import Telephone
from tests.console.visiting import Visitor

from regard.app import asgi
from regard.caller import LOCAL
from regard.errors import ConflictException
from regard.storage.backend import Turn
from regard.storage.database import Database
from regard.storage.schema import browser_sessions
from regard.wire.proxies import believe_proxies

NAMES = count()
MINUTE = 60_000


@pytest.fixture
def nina(house: House) -> Account:
    house.forget_tries()
    return Account(house, f"nina{next(NAMES)}", "reviewer")


def make_verification_old(house: House) -> None:
    """As if everybody had signed in sixteen minutes ago."""
    with house.parts.database.write() as connection:
        old = browser_sessions.c.verified - 16 * MINUTE
        connection.execute(update(browser_sessions).values(verified=old))


def test_who_follows_the_first_link_becomes_an_administrator_and_nobody_else_does(house: House) -> None:
    link, other = house.link(), house.link()
    browser = house.browser()
    page = browser.get(link)
    telephone = Telephone.scanning(page.text)
    form = {"act": "password", "name": "ann", "password": PASSWORD, "factor": sealed(page.text)}
    wrong = browser.post(link, **form, code="000000")
    assert (wrong.status_code, sealed(wrong.text)) == (403, form["factor"])
    shown = browser.post(link, **form, code=telephone.code())
    assert len(recovery_codes(shown.text)) == 10
    home = browser.get("/console")
    assert (home.status_code, "ann" in home.text) == (200, True)
    assert browser.get("/console/account", data=True).json()["Roles"] == ["admin"]
    for used in (link, other):
        assert house.browser().get(used).status_code == 403
    assert house.parts.stores.accountability.invitations.make_first() is None


def test_a_link_is_good_once(house: House) -> None:
    link = house.invited(f"once{next(NAMES)}", "auditor")
    page = house.browser().get(link)
    form = {"act": "password", "password": PASSWORD, "factor": sealed(page.text)}
    telephone = Telephone.scanning(page.text)
    assert house.browser().post(link, **form, code=telephone.code()).status_code == 200
    again = house.browser().post(link, **form, code=telephone.code())
    assert (again.status_code, "This link was used" in again.text) == (403, True)
    german = house.browser().get(link, headers={"Accept-Language": "de"})
    assert "Dieser Link wurde benutzt" in german.text


def test_a_password_that_is_short_or_holds_the_name_is_refused_and_the_link_stays_good(house: House) -> None:
    link = house.invited("wilhelmina", "auditor")
    page = house.browser().get(link).text
    code = Telephone.scanning(page).code()
    form = {"act": "password", "factor": sealed(page), "code": code}
    for password in ("elevenchars", "Wilhelmina-is-her-name", "abababababab"):
        assert house.browser().post(link, **form, password=password).status_code == 422
    assert house.browser().post(link, **form, password=PASSWORD).status_code == 200


def test_a_second_factor_that_was_shown_to_another_guest_is_nobody_else_s(house: House) -> None:
    one, other = house.invited(f"a{next(NAMES)}", "auditor"), house.invited(f"b{next(NAMES)}", "auditor")
    page = house.browser().get(one).text
    form = {"act": "password", "password": PASSWORD, "factor": sealed(page)}
    answer = house.browser().post(other, **form, code=Telephone.scanning(page).code())
    assert answer.status_code == 403


def test_whoever_can_sign_in_is_not_invited_before_a_reset(house: House, nina: Account) -> None:
    with pytest.raises(ConflictException, match="can sign in already"):
        house.invite(nina.name)
    house.parts.gate.call("reset_second_factor", {"PersonId": nina.name}, LOCAL)
    assert nina.browser.get("/console").status_code == 303
    assert nina.sign_in(house.browser(), code=nina.telephone.code()).status_code == 403
    assert house.browser().get(house.invite(nina.name)).status_code == 200


def test_name_password_and_code_let_in_and_lead_on(house: House, nina: Account) -> None:
    browser = house.browser()
    answer = nina.sign_in(browser, code=nina.telephone.code(), next="/console/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/account")
    assert browser.get("/console/account").status_code == 200


def test_nobody_is_led_to_another_site(house: House, nina: Account) -> None:
    answer = nina.sign_in(house.browser(), code=nina.telephone.code(), next="//evil.example/")
    assert answer.headers["location"] == "/console"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House, nina: Account) -> None:
    answer = nina.sign_in(house.browser(), code=nina.telephone.code())
    assert "; HttpOnly; Path=/; SameSite=lax" in answer.headers["set-cookie"]


def test_failures_are_answered_alike(house: House, nina: Account) -> None:
    code = nina.telephone.code()
    answers = {
        nina.sign_in(house.browser(), **changes).text.replace(changes.get("name", nina.name), "")
        for changes in (
            {"code": "000000"},
            {"password": "another password", "code": code},
            {"name": "nobody-at-all", "code": code},
            {"code": "aaaa-bbbb-cccc-dddd"},
        )
    }
    assert len(answers) == 1


def test_a_name_that_there_is_not_takes_as_long_as_one_that_there_is(
    house: House, nina: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    verify = PasswordHasher.verify

    def count_checks(self: PasswordHasher, kept: str, password: str) -> Literal[True]:
        checked.append(kept)
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", count_checks)
    for name in (nina.name, "nobody-at-all"):
        nina.sign_in(house.browser(), name=name, password="another password")
    assert len(checked) == 2
    assert checked[0] != checked[1]


def test_a_name_that_there_is_not_is_written_down_as_durably_as_one_that_there_is(
    house: House, nina: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[Turn | None] = []
    write = Database.write

    def note_turn(self: Database, *, turn: Turn | None = None) -> AbstractContextManager[Connection]:
        turns.append(turn)
        return write(self, turn=turn)

    monkeypatch.setattr(Database, "write", note_turn)
    nina.sign_in(house.browser(), password="another password")
    of_nina, turns = turns, []
    nina.sign_in(house.browser(), name="nobody-at-all")
    assert turns == of_nina
    assert Turn.AUDIT in turns


def test_an_id_gives_no_more_tries_than_the_name(house: House, nina: Account) -> None:
    person = house.parts.stores.accountability.people.get(nina.name)
    for name in (nina.name, person.person_id, nina.name, person.person_id, nina.name):
        nina.sign_in(house.browser(), name=name, password="another password")
    assert nina.sign_in(house.browser(), name=person.person_id, code=nina.codes[0]).status_code == 429


def test_strangers_behind_the_same_proxy_keep_nobody_from_verifying(house: House, nina: Account) -> None:
    for number in range(31):
        nina.sign_in(house.browser(), name=f"nobody{number}")
    assert nina.sign_in(house.browser(), code=nina.codes[0]).status_code == 429
    assert nina.browser.post("/console/verify", act="code", code=nina.codes[0]).status_code == 303


def test_a_code_is_good_once(house: House, nina: Account) -> None:
    code = nina.telephone.code()
    assert nina.sign_in(house.browser(), code=code).status_code == 303
    assert nina.sign_in(house.browser(), code=code).status_code == 403


def test_a_recovery_code_takes_the_place_of_a_code_once(house: House, nina: Account) -> None:
    code = nina.codes[3].upper().replace("-", " ")
    assert nina.sign_in(house.browser(), code=code).status_code == 303
    assert nina.sign_in(house.browser(), code=nina.codes[3]).status_code == 403
    assert nina.sign_in(house.browser(), code=nina.codes[4]).status_code == 303


def test_after_five_tries_even_the_right_code_waits(house: House, nina: Account) -> None:
    for _ in range(5):
        assert nina.sign_in(house.browser(), password="another password").status_code == 403
    answer = nina.sign_in(house.browser(), code=nina.codes[0])
    assert (answer.status_code, "Wait 15 minutes" in answer.text) == (429, True)
    house.forget_tries()
    assert nina.sign_in(house.browser(), code=nina.codes[0]).status_code == 303


def test_somebody_who_is_suspended_neither_stays_nor_comes(house: House, nina: Account) -> None:
    assert nina.browser.get("/console").status_code == 200
    house.parts.gate.call("suspend_person", {"PersonId": nina.name}, LOCAL)
    assert nina.browser.get("/console").status_code == 303
    assert nina.sign_in(house.browser(), code=nina.codes[0]).status_code == 403


def test_a_cookie_that_was_stolen_is_worth_nothing_after_sign_out(house: House, nina: Account) -> None:
    thief = house.browser()
    thief.cookies = dict(nina.browser.cookies)
    assert thief.get("/console").status_code == 200
    left = nina.browser.post("/console/sign-out", act="leave")
    assert thief.get("/console").status_code == 303
    assert 'regard=""; ' in left.headers["set-cookie"]
    assert "Max-Age=0" in left.headers["set-cookie"]


def test_signing_out_everywhere_ends_other_browsers(house: House, nina: Account) -> None:
    other = house.browser()
    nina.sign_in(other, code=nina.codes[0])
    nina.browser.post("/console/sign-out", act="everywhere")
    assert other.get("/console").status_code == 303


def test_a_session_that_another_planted_is_not_the_one_that_goes_on(house: House, nina: Account) -> None:
    eve = Account(house, f"eve{next(NAMES)}", "auditor")
    victim = house.browser()
    victim.cookies = dict(eve.browser.cookies)
    nina.sign_in(victim, code=nina.codes[0])
    assert victim.cookies != eve.browser.cookies
    assert eve.browser.get("/console").status_code == 303
    assert nina.name in victim.get("/console").text


def test_changes_of_the_account_take_somebody_who_has_just_shown_that_it_is_them(
    house: House, nina: Account
) -> None:
    make_verification_old(house)
    change = {"act": "password", "password": "copper kettles hum at noon"}
    refused = nina.browser.post("/console/account", **change)
    assert refused.headers["location"] == "/console/verify?next=%2Fconsole%2Faccount"
    verified = nina.browser.post(
        "/console/verify", act="code", code=nina.telephone.code(), next="/console/account"
    )
    assert verified.headers["location"] == "/console/account"
    assert nina.browser.post("/console/account", **change).status_code == 303
    assert nina.sign_in(house.browser(), code=nina.codes[0]).status_code == 403
    assert nina.sign_in(house.browser(), code=nina.codes[1], password=change["password"]).status_code == 303


def test_another_password_ends_the_sessions_of_other_browsers(house: House, nina: Account) -> None:
    other = house.browser()
    nina.sign_in(other, code=nina.codes[0])
    nina.browser.post("/console/account", act="password", password="copper kettles hum at noon")
    assert other.get("/console").status_code == 303
    assert nina.browser.get("/console").status_code == 200


def test_new_recovery_codes_take_the_place_of_the_old(house: House, nina: Account) -> None:
    new = recovery_codes(nina.browser.post("/console/account", act="codes").text)
    assert nina.sign_in(house.browser(), code=nina.codes[0]).status_code == 403
    assert nina.sign_in(house.browser(), code=new[0]).status_code == 303


def test_the_language_that_somebody_chose_comes_with_them(house: House, nina: Account) -> None:
    nina.browser.post("/console/account", act="language", language="de")
    other = house.browser()
    nina.sign_in(other, code=nina.codes[0])
    assert "Abmelden" in other.get("/console").text


def test_what_happened_at_the_door_is_in_the_log_and_nothing_that_opens_it(
    house: House, nina: Account
) -> None:
    before = len(house.records())
    nina.sign_in(house.browser(), code=nina.codes[0])
    nina.sign_in(house.browser(), password="another password")
    make_verification_old(house)
    nina.browser.post("/console/verify", act="code", code=nina.codes[1])
    nina.browser.post("/console/sign-out", act="leave")
    told = [
        (one["operation"], one["result"], one.get("means", one.get("reason")))
        for one in house.records()[before:]
        if one.get("name") == nina.name
    ]
    assert told == [
        ("sign in", "ok", "recovery code"),
        ("sign in", "refused", "password"),
        ("verify", "ok", "recovery code"),
        ("sign out", "ok", None),
    ]
    log = house.log()
    assert not any(secret in log for secret in (PASSWORD, "another password", *nina.codes))


def test_tries_of_names_that_there_are_not_fill_no_log(house: House) -> None:
    house.forget_tries()
    before = len(house.records())
    for name in ("hunter2", "swordfish"):
        house.browser().post("/console/sign-in", act="password", name=name, password="x", code="1")
    assert not any("hunter2" in str(one) for one in house.records())
    assert len(house.records()) - before <= 1  # of an hour's count


def test_a_form_of_another_site_signs_nobody_in(house: House, nina: Account) -> None:
    answer = house.browser().post(
        "/console/sign-in",
        act="password",
        name=nina.name,
        password=PASSWORD,
        code=nina.codes[0],
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"},
    )
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize(
    ("address", "to"),
    [
        ("http://127.0.0.1:8090/console/sign-in?next=/x", "http://localhost:8090/console/sign-in?next=/x"),
        ("http://[::1]:8090/console/sign-in", "http://localhost:8090/console/sign-in"),
    ],
)
def test_who_comes_to_an_ip_address_of_this_machine_is_led_to_localhost(
    house: House, address: str, to: str
) -> None:
    assert unquote(house.browser().get(address).headers["location"]) == to


def test_no_form_is_shown_where_a_password_would_travel_unencrypted(house: House) -> None:
    page = house.browser().get("http://192.168.1.7:8090/console/sign-in").text
    assert "unencrypted" in page
    assert 'type="password"' not in page


def test_the_log_has_the_address_that_a_trusted_proxy_tells(house: House, nina: Account) -> None:
    [middleware] = believe_proxies("127.0.0.1")
    wrapped: Any = middleware.cls(asgi(house.parts), *middleware.args, **middleware.kwargs)
    headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": "192.0.2.1, 203.0.113.9"}
    form = {"act": "password", "name": nina.name, "password": "another password", "code": "000000"}
    Visitor(wrapped).post("/console/sign-in", headers=headers, **form)
    house.browser().post("/console/sign-in", headers=headers, **form)
    addresses = [one["address"] for one in house.records() if one.get("name") == nina.name]
    assert addresses == ["203.0.113.9", "127.0.0.1"]
