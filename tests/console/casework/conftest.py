"""People of an office under strict purposes, in their browsers. All tests here share one process' models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from regard.app import Parts, asgi, build
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.schema import browser_sessions
from tests.console.visiting import Visitor
from tests.reviewing import ReviewOffice

Browse = Callable[[str], Visitor]


@pytest.fixture(scope="package")
def shared_parts(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Everything of one process, whose models are loaded once."""
    built = build(Settings.load({}, data=tmp_path_factory.mktemp("casework") / "data"))
    yield built
    built.close()


@pytest.fixture
def office(shared_parts: Parts) -> Iterator[ReviewOffice]:
    """One whose people are its own, without a gallery."""
    made = ReviewOffice(shared_parts)
    yield made
    made.close()


@pytest.fixture
def gallery(office: ReviewOffice, portrait: Path, other_portrait: Path) -> str:
    """The id of a gallery of two people, of whom the portrait's is searched for."""
    return office.gallery(other_portrait, portrait)


@pytest.fixture
def browse(office: ReviewOffice) -> Browse:
    """The browser of somebody of the office, by their name."""
    application = asgi(office.parts)
    people, sessions = People(office.parts.database), BrowserSessions(office.parts.database)

    def browser(name: str) -> Visitor:
        token = sessions.open(people.get(office.name(name)), Means.PASSKEY)
        return Visitor(application, {"regard": token})

    return browser


def grow_old(office: ReviewOffice) -> None:
    """Everybody who is signed in showed a while ago that it is them."""
    with office.parts.database.write() as connection:
        connection.execute(update(browser_sessions).values(verified=browser_sessions.c.opened - 16 * 60_000))
