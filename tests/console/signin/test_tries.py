"""Tries are counted as they are made, and given back to who succeeds, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update
from tests.postgres import Place

from regard.caller import Person
from regard.console.signin.tries import ADDRESS_TRIES, MINUTES, TRIES, SignInTries
from regard.errors import ThrottlingException
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import sign_in_tries

HOME = "192.0.2.1"
NINA = Person("P-2026-000001", "nina", ("reviewer",))


@pytest.fixture
def database(place: Place) -> Database:
    return place.open()


@pytest.fixture
def tries(database: Database, place: Place) -> SignInTries:
    return SignInTries(database, Cipher(place.folder, database))


def test_people_who_come_at_once_do_not_keep_each_other_out(tries: SignInTries) -> None:
    ready = threading.Barrier(4)

    def come(name: str) -> None:
        ready.wait()
        for _ in range(10):
            tries.take(name, HOME)
            tries.give_back(name, HOME)

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(come, ("nina", "nina", "otto", "otto")))


def test_tries_of_an_hour_ago_count_for_nothing(tries: SignInTries, database: Database) -> None:
    for _ in range(TRIES):
        tries.take("nina", HOME)
    with pytest.raises(ThrottlingException):
        tries.take("nina", HOME)
    with database.write() as connection:
        connection.execute(update(sign_in_tries).values(began=sign_in_tries.c.began - (MINUTES + 1) * 60_000))
    tries.take("nina", HOME)
    tries.take("otto", HOME)
    with database.read() as connection:
        assert sorted(connection.execute(select(sign_in_tries.c.tries)).scalars()) == [1, 1, 2]


def test_strangers_use_up_no_try_of_who_is_signed_in(tries: SignInTries) -> None:
    for _ in range(ADDRESS_TRIES):
        tries.take_address(HOME)
    with pytest.raises(ThrottlingException):
        tries.take_address(HOME)
    for _ in range(TRIES):
        tries.take_own(NINA)
    with pytest.raises(ThrottlingException):
        tries.take_own(NINA)
    tries.give_back_own(NINA)
    tries.take_own(NINA)


def test_who_has_succeeded_comes_in_though_the_count_can_not_be_changed(place: Place) -> None:
    first, second = place.open(), place.open(busy_seconds=0.1)
    patient, hasty = (SignInTries(one, Cipher(place.folder, one)) for one in (first, second))
    patient.take("nina", HOME)
    with first.write() as connection:
        connection.execute(update(sign_in_tries).values(tries=1))
        hasty.give_back("nina", HOME)
