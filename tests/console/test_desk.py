"""The desk: people, keys, usage, the audit log, reports and rules, through the real gate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from regard.app import Parts, asgi, build
from regard.caller import LOCAL
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.settings import Settings
from tests.console.visiting import Visitor

MARKUP = "<b onmouseover=alert(1)>"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("desk") / "data"
    made = build(Settings.load({}, data=folder, prices="seed", cost_hour="0.5"), has_models=False)
    made.gate.call("create_collection", {"CollectionId": "staff"}, LOCAL)
    for name, role in (("ada", "admin"), ("otto", "auditor"), ("rita", "reviewer"), ("olga", "operator")):
        People(made.database).add(name, [role])
    yield made
    made.close()


def visitor(parts: Parts, name: str) -> Visitor:
    """Somebody who has just signed in."""
    token = BrowserSessions(parts.database).open(People(parts.database).get(name), Means.PASSKEY)
    return Visitor(asgi(parts), {"regard": token})


@pytest.fixture
def admin(parts: Parts) -> Visitor:
    return visitor(parts, "ada")


@pytest.fixture
def auditor(parts: Parts) -> Visitor:
    return visitor(parts, "otto")


def person_id(parts: Parts, name: str) -> str:
    return People(parts.database).get(name).person_id


def test_somebody_is_suspended_and_let_in_again(admin: Visitor, parts: Parts) -> None:
    path = f"/console/people/{person_id(parts, 'rita')}"
    rita = visitor(parts, "rita")
    assert rita.get("/console").status_code == 200
    assert admin.post(path, act="suspend").headers["location"] == path
    assert "suspended" in admin.get("/console/people").text
    assert rita.get("/console").status_code == 303
    admin.post(path, act="resume")
    assert People(parts.database).get("rita").suspended is None


def test_roles_that_nobody_may_hold_together_are_refused_in_a_sentence(admin: Visitor, parts: Parts) -> None:
    answer = admin.post(
        f"/console/people/{person_id(parts, 'rita')}", act="roles", role=["admin", "reviewer"]
    )
    assert answer.status_code == 422
    assert "Nobody may be admin and reviewer" in answer.text


def test_roles_are_changed(admin: Visitor, parts: Parts) -> None:
    admin.post(f"/console/people/{person_id(parts, 'olga')}", act="roles", role=["operator", "privacy"])
    assert People(parts.database).get("olga").roles == ("operator", "privacy")


def test_nobody_gives_roles_to_themself(admin: Visitor, parts: Parts) -> None:
    answer = admin.post(f"/console/people/{person_id(parts, 'ada')}", act="roles", role=["admin", "privacy"])
    assert answer.status_code == 403


def test_a_training_is_recorded_and_listed(admin: Visitor, parts: Parts) -> None:
    path = f"/console/people/{person_id(parts, 'rita')}"
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    topics = ["LIMITATIONS", "INTERPRETATION", "HUMAN_REVIEW"]
    admin.post(path, act="train", kind="review", topic=topics, course=MARKUP, completed=today)
    page = admin.get(path)
    assert "&lt;b onmouseover" in page.text
    assert MARKUP not in page.text
    [told] = admin.get(path, data=True).json()["Training"]
    assert (told["Kind"], told["RecordedBy"]) == ("review", person_id(parts, "ada"))


def test_a_day_that_is_none_is_refused_in_a_sentence(admin: Visitor, parts: Parts) -> None:
    answer = admin.post(
        f"/console/people/{person_id(parts, 'rita')}", act="train", kind="review", completed="31.11."
    )
    assert "year-month-day" in answer.text


def test_somebody_that_there_is_not_is_not_found(admin: Visitor) -> None:
    assert admin.get("/console/people/P-2026-999999").status_code == 404


def test_a_key_shows_its_secret_once(admin: Visitor, parts: Parts) -> None:
    made = admin.post("/console/keys", act="make", name="robot", role="auditor", purpose="general")
    key_id = re.search(r"aws_access_key_id = (\w+)", made.text)
    secret = re.search(r"aws_secret_access_key = (\S+?)<", made.text)
    assert key_id is not None
    assert secret is not None
    page = admin.get("/console/keys").text
    assert key_id[1] in page
    assert secret[1] not in page
    admin.post("/console/keys", act="suspend", key=key_id[1])
    found = parts.keys.find(key_id[1])
    assert found is not None
    assert found.holder.suspended


def test_who_is_an_administrator_second_suspends_keys_too(parts: Parts, admin: Visitor) -> None:
    People(parts.database).add("both", ["auditor", "admin"])
    key = parts.keys.create("stolen", "admin")
    answer = visitor(parts, "both").post("/console/keys", act="suspend", key=key.key_id)
    assert answer.status_code == 303
    found = parts.keys.find(key.key_id)
    assert found is not None
    assert found.holder.suspended


def test_a_limit_is_set_and_shown(admin: Visitor, parts: Parts) -> None:
    admin.post("/console/keys", act="limit", holder=person_id(parts, "olga"), ImagesPerMonth="5000")
    assert "5,000" in admin.get("/console/keys").text
    assert admin.post("/console/keys", act="limit", holder="x", ImagesPerMonth="many").status_code == 422


def test_usage_is_shown_priced_and_downloaded(admin: Visitor) -> None:
    page = admin.get("/console/usage?by=operation").text
    assert "CreateCollection" in page
    assert "What it cost here" in page
    table = admin.get("/console/usage?format=csv&by=person")
    assert table.headers["content-disposition"].startswith("attachment")
    assert table.text.startswith("person,")


@pytest.mark.parametrize("query", ["month=2026-13", "month=x", "by=colour", "prices=free"])
def test_a_question_about_usage_that_means_nothing_is_refused(admin: Visitor, query: str) -> None:
    assert admin.get(f"/console/usage?{query}").status_code == 422


def test_the_log_is_searched_by_what_its_records_say(auditor: Visitor) -> None:
    assert "CreateCollection" in auditor.get("/console/audit?collection=staff").text
    found = auditor.get("/console/audit?operation=CreateCollection", data=True).json()["Records"]
    assert [json.loads(one["Record"])["collection"] for one in found] == ["staff"]
    assert auditor.get("/console/audit?case=C-2026-000009", data=True).json()["Records"] == []
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert auditor.get(f"/console/audit?from={today}&to={today}", data=True).json()["Records"]
    assert not auditor.get("/console/audit?to=2020-01-01", data=True).json()["Records"]
    assert auditor.get("/console/audit?to=9999-12-31").status_code == 422


def test_refused_sign_ins_are_found_by_their_outcome(auditor: Visitor, parts: Parts) -> None:
    parts.audit.append({"time": datetime.now(UTC).isoformat(), "operation": "SignIn", "result": "refused"})
    found = auditor.get("/console/audit?outcome=refused", data=True).json()["Records"]
    assert [json.loads(one["Record"])["operation"] for one in found] == ["SignIn"]
    assert "refused" in auditor.get("/console/audit?outcome=refused").text


def test_a_record_of_the_log_has_a_receipt(auditor: Visitor) -> None:
    receipt = auditor.get("/console/audit/1/receipt").json()
    assert receipt["Sequence"] == 1
    assert auditor.get("/console/audit/999999/receipt").status_code == 404


def test_the_whole_log_is_verified(auditor: Visitor) -> None:
    assert "The chain is whole" in auditor.post("/console/audit", act="verify").text


def test_every_report_opens(auditor: Visitor) -> None:
    names = auditor.get("/console/reports", data=True).json()["Reports"]
    for name in names:
        page = auditor.get(f"/console/reports/{name}")
        assert page.status_code == 200, name
        assert "Counted from the log" in page.text
    assert json.loads(auditor.get("/console/reports/us-wa?format=json").content)["sections"]


@pytest.mark.parametrize(
    ("path", "status"), [("nothing", 404), ("us-wa?year=x", 422), ("us-wa?year=12026", 422)]
)
def test_a_report_that_there_is_not_is_refused(auditor: Visitor, path: str, status: int) -> None:
    assert auditor.get(f"/console/reports/{path}").status_code == status


def test_the_rules_in_force_are_shown_with_their_digest(auditor: Visitor) -> None:
    page = auditor.get("/console/settings")
    assert "training_days" in page.text
    assert auditor.get("/console/settings", data=True).json()["Digest"] in page.text
