"""A browser's session ends by itself, by its person, and by whoever suspends them; no token is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import String, select

from regard.caller import Person
from regard.console.signin import sessions
from regard.console.signin.sessions import BrowserSessions, Means, ProviderSession, close_of_account
from regard.governance.people import People
from regard.governance.second_factor import SecondFactors
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import browser_sessions

MINUTE = 60_000


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def minutes(self, minutes: float) -> None:
        self.now += round(minutes * MINUTE)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sessions, "milliseconds", lambda: clock.now)
    return clock


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(tmp_path / "data")


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


@pytest.fixture
def nina(people: People) -> Person:
    return people.add("nina", ["reviewer", "auditor"])


@pytest.fixture
def signed_in(database: Database) -> BrowserSessions:
    return BrowserSessions(database)


def test_who_is_signed_in_acts_in_all_their_roles(signed_in: BrowserSessions, nina: Person) -> None:
    found = signed_in.find(signed_in.open(nina, Means.PASSKEY))
    assert found is not None
    assert found.caller.roles == ("reviewer", "auditor")
    assert (found.caller.key_id, found.caller.name) == (nina.person_id, "nina")


def test_the_database_keeps_no_token(
    signed_in: BrowserSessions, nina: Person, database: Database, tmp_path: Path
) -> None:
    token = signed_in.open(nina, Means.PASSKEY)
    with database.read() as connection:
        [digest] = connection.execute(select(browser_sessions.c.digest)).scalars()
    assert token not in digest
    assert not any(token.encode() in file.read_bytes() for file in (tmp_path / "data").glob("regard.db*"))
    assert signed_in.find(digest) is None


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 100_000, "é\0"])
def test_nobody_is_signed_in_by_a_token_that_was_never_given(signed_in: BrowserSessions, token: str) -> None:
    assert signed_in.find(token) is None


def test_a_page_that_renews_itself_keeps_nobody_signed_in(
    signed_in: BrowserSessions, nina: Person, clock: Clock
) -> None:
    token = signed_in.open(nina, Means.PASSKEY)
    for _ in range(3):
        clock.minutes(9)
        assert signed_in.find(token, by_person=False) is not None
    clock.minutes(3)
    assert signed_in.find(token, by_person=False) is None


def test_an_idle_browser_is_signed_out_after_half_an_hour(
    signed_in: BrowserSessions, nina: Person, clock: Clock
) -> None:
    token = signed_in.open(nina, Means.PASSKEY)
    clock.minutes(29)
    assert signed_in.find(token) is not None
    clock.minutes(29)
    assert signed_in.find(token) is not None
    clock.minutes(30)
    assert signed_in.find(token) is None


def test_a_browser_that_asks_all_day_is_signed_out_after_twelve_hours(
    signed_in: BrowserSessions, nina: Person, clock: Clock
) -> None:
    token, seen = signed_in.open(nina, Means.PASSKEY), 0
    while signed_in.find(token) is not None:
        clock.minutes(20)
        seen += 20
    assert seen == 12 * 60


def test_that_a_browser_asks_is_written_once_a_minute(
    signed_in: BrowserSessions, nina: Person, clock: Clock
) -> None:
    token, opened = signed_in.open(nina, Means.PASSKEY), clock.now
    clock.minutes(0.9)
    signed_in.find(token)
    assert [one.seen for one in signed_in.of(nina.person_id)] == [opened]
    clock.minutes(0.2)
    signed_in.find(token)
    assert [one.seen for one in signed_in.of(nina.person_id)] == [clock.now]


def test_a_token_that_another_put_into_the_browser_is_over_at_sign_in(
    signed_in: BrowserSessions, nina: Person, people: People
) -> None:
    planted = signed_in.open(people.add("eve", ["auditor"]), Means.PASSKEY)
    token = signed_in.open(nina, Means.PASSKEY, before=planted)
    assert token != planted
    assert signed_in.find(planted) is None


def test_a_token_is_worth_nothing_after_sign_out(signed_in: BrowserSessions, nina: Person) -> None:
    stolen, other = signed_in.open(nina, Means.PASSKEY), signed_in.open(nina, Means.CODE)
    signed_in.close(stolen)
    assert signed_in.find(stolen) is None
    assert signed_in.find(other) is not None


def test_signing_out_everywhere_spares_other_people(
    signed_in: BrowserSessions, nina: Person, people: People
) -> None:
    hers = [signed_in.open(nina, Means.PASSKEY) for _ in range(3)]
    other = signed_in.open(people.add("rolf", ["auditor"]), Means.PASSKEY)
    signed_in.close_all(nina.person_id)
    assert [signed_in.find(token) for token in hers] == [None] * 3
    assert signed_in.find(other) is not None


def suspended(people: People, nina: Person, _factors: SecondFactors) -> None:
    people.suspend(nina.person_id)
    people.suspend(nina.person_id, suspended=False)


def given_roles(people: People, nina: Person, _factors: SecondFactors) -> None:
    people.set_roles(nina.person_id, ["reviewer"])


def without_factor(_people: People, nina: Person, factors: SecondFactors) -> None:
    factors.reset(nina)


@pytest.mark.parametrize("change", [suspended, given_roles, without_factor])
def test_a_change_of_the_person_signs_them_out_for_good(
    change: Callable[[People, Person, SecondFactors], None],
    signed_in: BrowserSessions,
    nina: Person,
    people: People,
    database: Database,
    tmp_path: Path,
) -> None:
    token = signed_in.open(nina, Means.PASSKEY)
    change(people, nina, SecondFactors(database, Cipher(tmp_path)))
    assert signed_in.find(token) is None


def test_showing_again_that_it_is_them_is_noted(
    signed_in: BrowserSessions, nina: Person, clock: Clock
) -> None:
    token = signed_in.open(nina, Means.PASSKEY)
    clock.minutes(20)
    signed_in.verify(token)
    found = signed_in.find(token)
    assert found is not None
    assert found.caller.verified == clock.now


def test_the_account_by_which_it_was_shown_again_ends_the_session(
    signed_in: BrowserSessions, nina: Person, database: Database
) -> None:
    shown = ProviderSession("https://id.example", "b-7", "there")
    token, other = (signed_in.open(nina, Means.PASSKEY) for _ in range(2))
    signed_in.verify(token, account=shown)
    signed_in.verify(other)
    with database.write() as connection:
        assert close_of_account(connection, shown.issuer, None, shown.sid) == [nina.person_id]
    assert (signed_in.is_open(token), signed_in.is_open(other)) == (False, True)


def test_sessions_that_are_over_are_removed_when_somebody_signs_in(
    signed_in: BrowserSessions, nina: Person, clock: Clock, database: Database
) -> None:
    signed_in.open(nina, Means.PASSKEY)
    clock.minutes(31)
    signed_in.open(nina, Means.PASSKEY)
    with database.read() as connection:
        assert len(connection.execute(select(browser_sessions)).all()) == 1


def test_every_way_to_sign_in_fits_its_column() -> None:
    column = browser_sessions.c.means.type
    assert isinstance(column, String)
    assert max(map(len, Means)) <= (column.length or 0)
