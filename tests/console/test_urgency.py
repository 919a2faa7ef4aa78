"""A case is marked urgent, and a reviewer goes on duty, by forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from regard.app import Parts, asgi, build
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.settings import Settings
from tests.authorizing import case_of
from tests.console.visiting import Visitor


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    settings = Settings.load({}, data=tmp_path / "data", webhooks="private", webhook_secret="known to both")
    made = build(settings, has_models=False)
    yield made
    made.close()


def somebody(parts: Parts, name: str, role: str) -> Visitor:
    person = People(parts.database).add(name, [role])
    return Visitor(asgi(parts), {"regard": BrowserSessions(parts.database).open(person, Means.CODE)})


def test_a_member_marks_a_case_urgent_and_takes_it_back(parts: Parts) -> None:
    ines = somebody(parts, "ines", "investigator")
    page = f"/console/cases/{case_of(parts.database, People(parts.database).get('ines').person_id)}"
    assert ines.post(page, act="urgent", urgency="").status_code == 422
    assert ines.post(page, act="urgent", urgency="a child is missing").status_code == 303
    shown = ines.get(page).text
    assert "a child is missing" in shown
    assert "It is not urgent any more" in shown
    assert "Urgent" in ines.get("/console/cases").text
    ines.post(page, act="calm", urgency="it was found")
    assert "Mark the case urgent" in ines.get(page).text


def test_a_reviewer_goes_on_duty_and_off(parts: Parts) -> None:
    rita = somebody(parts, "rita", "reviewer")
    assert rita.post("/console/review", act="duty", hours="9", channel="x").status_code == 422
    refused = rita.post("/console/review", act="duty", hours="8", channel="not a place")
    assert (refused.status_code, "be used" in refused.text) == (422, True)
    begun = rita.post("/console/review", act="duty", hours="24", channel="http://127.0.0.1:9/called")
    assert begun.status_code == 303
    assert "You are on duty" in rita.get("/console/review").text
    assert "rita" not in somebody(parts, "rolf", "reviewer").get("/console/review").text
    ines = somebody(parts, "ines", "investigator")
    page = f"/console/cases/{case_of(parts.database, People(parts.database).get('ines').person_id)}"
    assert "On duty now: rita" in ines.get(page).text
    rita.post("/console/review", act="off")
    assert "Go on duty" in rita.get("/console/review").text
    assert "No reviewer is on duty now." in ines.get(page).text
