"""A code of the second factor is taken once, in its half minute, and guessing is stopped."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from regard.caller import Person
from regard.errors import AccessDeniedException, ConflictException, RegardError
from regard.governance import second_factor
from regard.governance.people import People
from regard.governance.second_factor import SecondFactors
from regard.storage.database import Database
from regard.storage.encryption import Cipher

NOW = 1_800_000_000_000


class Telephone:
    """The authenticator program of somebody."""

    def __init__(self, uri: str) -> None:
        [secret] = parse_qs(urlsplit(uri).query)["secret"]
        self.secret = secret

    def code(self, at: int = NOW) -> str:
        return pyotp.TOTP(self.secret).generate_otp(at // 30_000)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.open(tmp_path)


@pytest.fixture
def factors(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecondFactors:
    monkeypatch.setattr(second_factor, "milliseconds", lambda: NOW)
    return SecondFactors(database, Cipher(tmp_path))


@pytest.fixture
def rita(database: Database) -> Person:
    return People(database).add("rita", ["reviewer"])


def test_a_code_is_taken_once(factors: SecondFactors, rita: Person) -> None:
    telephone = Telephone(factors.set_up(rita))
    factors.check(rita, telephone.code())
    with pytest.raises(AccessDeniedException, match="was used before"):
        factors.check(rita, telephone.code())


@pytest.mark.parametrize("offset", [-30_000, 0, 30_000])
def test_a_telephone_s_clock_may_be_half_a_minute_off(
    factors: SecondFactors, rita: Person, offset: int
) -> None:
    factors.check(rita, Telephone(factors.set_up(rita)).code(NOW + offset))


@pytest.mark.parametrize("offset", [-90_000, 90_000])
def test_an_older_or_later_code_is_refused(factors: SecondFactors, rita: Person, offset: int) -> None:
    telephone = Telephone(factors.set_up(rita))
    with pytest.raises(AccessDeniedException, match="The code is wrong"):
        factors.check(rita, telephone.code(NOW + offset))


def test_an_earlier_code_is_refused_after_a_later_one(factors: SecondFactors, rita: Person) -> None:
    telephone = Telephone(factors.set_up(rita))
    factors.check(rita, telephone.code(NOW + 30_000))
    with pytest.raises(AccessDeniedException):
        factors.check(rita, telephone.code(NOW))


def test_after_five_wrong_codes_the_right_one_is_refused_for_a_quarter_of_an_hour(
    factors: SecondFactors, rita: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    telephone = Telephone(factors.set_up(rita))
    wrong = f"{(int(telephone.code()) + 1) % 1_000_000:06}"
    for _ in range(5):
        with pytest.raises(AccessDeniedException, match="The code is wrong"):
            factors.check(rita, wrong)
    with pytest.raises(AccessDeniedException, match="too many wrong codes"):
        factors.check(rita, telephone.code())
    later = NOW + 15 * 60_000 + 1
    monkeypatch.setattr(second_factor, "milliseconds", lambda: later)
    factors.check(rita, telephone.code(later))


def test_a_factor_is_set_up_once_until_it_is_reset(factors: SecondFactors, rita: Person) -> None:
    first = Telephone(factors.set_up(rita))
    with pytest.raises(ConflictException, match="has a second factor already"):
        factors.set_up(rita)
    factors.reset(rita)
    with pytest.raises(AccessDeniedException, match="no second factor yet"):
        factors.check(rita, first.code())
    assert Telephone(factors.set_up(rita)).secret != first.secret


def test_the_database_alone_does_not_tell_the_secret(
    factors: SecondFactors, rita: Person, tmp_path: Path
) -> None:
    secret = Telephone(factors.set_up(rita)).secret.encode()
    with sqlite3.connect(tmp_path / "regard.db") as connection:
        [stored] = connection.execute("select factor from people").fetchone()
    assert secret not in stored
    assert (tmp_path / "encryption.key").stat().st_mode & 0o777 == 0o600


def test_what_was_encrypted_for_another_person_is_not_read(
    factors: SecondFactors, database: Database, rita: Person, tmp_path: Path
) -> None:
    telephone = Telephone(factors.set_up(rita))
    rolf = People(database).add("rolf", ["reviewer"])
    with sqlite3.connect(tmp_path / "regard.db") as connection:
        connection.execute("update people set factor = (select factor from people where name = 'rita')")
    with pytest.raises(RegardError, match="can't be read"):
        factors.check(rolf, telephone.code())


def test_a_code_of_now_is_what_telephones_show(database: Database, rita: Person, tmp_path: Path) -> None:
    factors = SecondFactors(database, Cipher(tmp_path))
    telephone = Telephone(factors.set_up(rita))
    factors.check(rita, telephone.code(int(time.time() * 1000)))
