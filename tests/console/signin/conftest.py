"""An installation without people, its pages, and a browser without JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert
from tests.console.signin.telephone import Telephone
from tests.console.visiting import Visitor

from regard.app import Parts, asgi, build
from regard.caller import LOCAL
from regard.console.signin import passwords as passwords_module
from regard.console.signin.recovery import RecoveryCodes
from regard.console.signin.sessions import BrowserSessions, Means
from regard.settings import Settings
from regard.storage.schema import passwords, sign_in_tries

if TYPE_CHECKING:
    from tests.console.signin.office import Office

PASSWORD = "quiet otter lends umbrellas"
CHEAP = partial(PasswordHasher, time_cost=1, memory_cost=1024, parallelism=1)
"""Argon2id in a thousandth of its time; what passwords are kept with, test_passwords.py says."""


class House:
    """The installation, and whoever comes to its doors."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._application = asgi(parts)

    def browser(self) -> Visitor:
        """A new one, in which nobody is signed in."""
        return Visitor(self._application)

    def link(self) -> str:
        """The first administrator's."""
        made = self.parts.stores.accountability.invitations.make_first()
        assert made is not None
        return f"/console/welcome?code={made.code}"

    def invited(self, name: str, *roles: str) -> str:
        """The link of somebody new."""
        self.parts.gate.call("create_person", {"Name": name, "Roles": list(roles)}, LOCAL)
        return self.invite(name)

    def invite(self, name: str) -> str:
        """Another link of somebody."""
        made = self.parts.gate.call("invite_person", {"PersonId": name}, LOCAL)
        return f"/console/welcome?code={made['Code']}"

    def forget_tries(self) -> None:
        """As if a quarter of an hour were over."""
        with self.parts.database.write() as connection:
            connection.execute(sign_in_tries.delete())

    def records(self) -> list[dict[str, Any]]:
        """What the audit log has, the oldest first."""
        return list(self.parts.audit.export())

    def log(self) -> str:
        """The same as one text."""
        return json.dumps(self.records())


class Account:
    """Somebody who is signed in in one browser, and what they need to sign in by a password in others."""

    def __init__(self, house: House, name: str, *roles: str) -> None:
        stores, database = house.parts.stores, house.parts.database
        self.name = name
        stores.accountability.people.add(name, roles)
        person = stores.accountability.people.get(name)
        secret = pyotp.random_base32()
        stores.accountability.factors.adopt(person, secret, 0)
        self.telephone = Telephone(secret)
        with database.write() as connection:
            connection.execute(
                insert(passwords).values(person_id=person.person_id, hash=_hashed(PASSWORD), chosen=0)
            )
        self.codes = RecoveryCodes(database).renew(person)
        self.browser = house.browser()
        self.browser.cookies = {"regard": BrowserSessions(database).open(person, Means.CODE)}

    def sign_in(self, browser: Visitor, **changes: str) -> httpx.Response:
        """What the page answers to name, password and code."""
        fields = {"name": self.name, "password": PASSWORD, "code": "", **changes}
        return browser.post("/console/sign-in", act="password", **fields)


@cache
def _hashed(password: str) -> str:
    """Once for all: it takes as long as it is meant to."""
    return CHEAP().hash(password)


def sealed(page: str) -> str:
    """The second factor that a form has shown, as it goes back with it."""
    [value] = re.findall(r'name="factor" value="([^"]+)"', page)
    return value


def recovery_codes(page: str) -> list[str]:
    """Those that a page shows."""
    return re.findall(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", page)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    parts = build(Settings.load({}, data=folder / "data", public_requests=10_000), has_models=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords_module, "PasswordHasher", CHEAP)
        yield House(parts)
    parts.close()


@pytest.fixture(scope="module")
def office_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    pytest.importorskip("joserfc", reason="joserfc is not installed (extra `oidc`)")
    from tests.console.signin.office import opened_office
    from tests.console.signin.provider import Provider

    provider = Provider()
    with provider.serving(), opened_office(tmp_path_factory.mktemp("office"), provider) as office:
        yield office


@pytest.fixture
def office(office_of_module: Office) -> Office:
    """An installation whose people sign in at a provider, which answers as it should."""
    office_of_module.forget_tries()
    office_of_module.provider.reset()
    return office_of_module
