"""Every page of the console, by every role that it is not for: nothing is shown, and nothing is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from regard.app import Parts, build
from regard.console.application import Console
from regard.console.page import Page
from regard.console.routes import PAGES
from regard.console.signin.sessions import BrowserSessions, Means
from regard.console.visit import Apis
from regard.governance.people import People
from regard.governance.permissions import ROLES
from regard.settings import Settings
from tests.console.visiting import Visitor

_PAGES = [page for page in PAGES if page.roles is not None]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    made = build(Settings.load({}, data=tmp_path_factory.mktemp("roles") / "data"), has_models=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browsers(parts: Parts) -> dict[str, Visitor]:
    """A browser of somebody in each role."""
    console = Console(PAGES, Apis(parts.apis), BrowserSessions(parts.database), parts.settings)
    application, people = Starlette(routes=console.routes()), People(parts.database)
    sessions = BrowserSessions(parts.database)
    return {
        role: Visitor(application, {"regard": sessions.open(people.add(role, [role]), Means.PASSKEY)})
        for role in ROLES
    }


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.path)
def test_other_roles_are_refused(browsers: dict[str, Visitor], page: Page) -> None:
    path = page.path.replace("{", "").replace("}", "")
    for role, browser in browsers.items():
        if page.is_for((role,)):
            continue
        assert browser.get(path).status_code == 403, role
        for act in page.acts:
            assert browser.post(path, act=act).status_code == 403, (role, act)
