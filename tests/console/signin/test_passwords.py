"""Passwords are kept as what argon2id makes of them, by the library's parameters of today."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select

from regard.caller import Person
from regard.console.signin.passwords import Passwords
from regard.errors import InvalidParameterException
from regard.governance.people import People
from regard.storage.database import Database
from regard.storage.schema import passwords

WORDS = "quiet otter lends umbrellas"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(tmp_path / "data")


@pytest.fixture
def nina(database: Database) -> Person:
    return People(database).add("nina", ["auditor"])


def kept(database: Database) -> str:
    with database.read() as connection:
        return str(connection.execute(select(passwords.c.hash)).scalar_one())


def test_a_password_is_kept_by_argon2id_with_64_mebibytes(database: Database, nina: Person) -> None:
    Passwords(database).choose(nina, WORDS)
    assert kept(database).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_password_that_was_kept_by_less_is_kept_anew_when_it_is_shown(
    database: Database, nina: Person
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(WORDS)
    with database.write() as connection:
        connection.execute(insert(passwords).values(person_id=nina.person_id, hash=weak, chosen=0))
    assert not Passwords(database).is_right(nina, "another password")
    assert kept(database) == weak
    assert Passwords(database).is_right(nina, WORDS)
    assert "m=65536" in kept(database)


def test_an_accent_is_the_same_however_a_keyboard_writes_it(database: Database, nina: Person) -> None:
    Passwords(database).choose(nina, "cafe\N{COMBINING ACUTE ACCENT} before the storm")
    assert Passwords(database).is_right(nina, "caf\N{LATIN SMALL LETTER E WITH ACUTE} before the storm")


@pytest.mark.parametrize("password", ["elevenchars", "x" * 12, "my name is NINA", "a b" * 100])
def test_a_password_that_is_easily_guessed_or_endless_is_refused(
    database: Database, nina: Person, password: str
) -> None:
    with pytest.raises(InvalidParameterException):
        Passwords(database).choose(nina, password)
