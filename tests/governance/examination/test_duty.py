"""What can't wait goes first, and calls the reviewers on duty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from tests.authorizing import case_of
from tests.desk import Desk
from tests.postgres import Place
from tests.receiving import Receiver, receive
from tests.responsible import Office

from regard.app import Parts, build, declared_operations
from regard.caller import Caller
from regard.errors import AccessDeniedException, ConflictException, InvalidParameterException
from regard.governance.cases import Cases
from regard.governance.examination.duty import CALLED, outbox_of_calls
from regard.governance.examination.records import NewReview
from regard.governance.examination.states import CandidateStatus, ReviewStatus
from regard.governance.people import caller_of
from regard.governance.permissions import ROLES
from regard.governance.record import Record
from regard.governance.rules.calls import RULES
from regard.governance.rules.replay import Replay
from regard.governance.rules.rule import LogRecord
from regard.jobs.notices import JobNotices
from regard.notifications.delivery import Delivery
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.storage.schema import candidates, reviews

HOUR = 3_600_000


@pytest.fixture
def desk(place: Place) -> Iterator[Desk]:
    made = Desk(place.folder, place.url)
    yield made
    made.database.close()


def mark(desk: Desk, *, urgent: bool = True) -> None:
    """Marks the desk's case, with a record as the gate writes it."""
    record = {"operation": "PutCaseUrgency", "outcome": "ok", "person": desk.ids["ines"]}
    facts = {"CaseId": desk.case, "Urgent": urgent, "Reason": "a child is missing"}
    desk.stores.duty.mark(
        desk.case,
        urgent=urgent,
        by=desk.ids["ines"],
        reason="a child is missing",
        conclude=lambda connection: desk.audit.append_within(connection, record | {"facts": facts}),
    )


def on_duty(desk: Desk, name: str, channel: str = "https://example.org/rita") -> None:
    until, ending = milliseconds() + HOUR, lambda _connection: None
    desk.stores.duty.begin(desk.ids[name], until, channel, desk.ids[name], conclude=ending)


def another(desk: Desk, **changes: Any) -> NewReview:
    return replace(desk.new(), probe="b" * 64, **changes)


def calls(desk: Desk) -> list[dict[str, Any]]:
    return [record for record in desk.audit.export() if record.get("operation") == CALLED]


def test_a_review_of_an_urgent_case_goes_before_those_that_wait_longer(desk: Desk) -> None:
    first = desk.search()
    assert first is not None
    desk.case, waiting = case_of(desk.database, desk.ids["ines"]), desk.case
    second = desk.search(another(desk))
    assert second is not None
    mark(desk)
    taken = desk.stores.sheets.take(desk.ids["rita"])
    assert taken is not None
    assert (taken.review_id, taken.case_id) == (second.review_id, desk.case)
    mark(desk, urgent=False)
    other = desk.stores.sheets.take(desk.ids["rolf"])
    assert other is not None
    assert other.case_id == waiting


def test_whoever_is_on_duty_is_called_to_what_is_urgent_and_told_nothing_of_it(
    desk: Desk, tmp_path: Path
) -> None:
    receiver: Receiver
    for receiver in receive():
        on_duty(desk, "rita", receiver.url)
        mark(desk)
        review = desk.search()
        assert review is not None
        settings = Settings.load({}, data=tmp_path, webhooks="private", webhook_secret="known to both")
        boxes = [outbox_of_calls(desk.database)]
        courier = Delivery(JobNotices(desk.database), settings, lambda _key: None, others=boxes)
        assert courier.deliver_one()
        [(_, body)] = receiver.got
        assert json.loads(body).keys() == {"Waiting", "Called"}
        assert not courier.deliver_one()
        [record] = calls(desk)
        assert (record["review"], record["people"]) == (review.review_id, [desk.ids["rita"]])


def test_a_case_that_becomes_urgent_calls_to_what_waits_and_once(desk: Desk) -> None:
    on_duty(desk, "rita")
    desk.search()
    assert calls(desk) == []
    mark(desk)
    desk.search()  # the same search: the same review
    mark(desk)
    assert [record["why"] for record in calls(desk)] == ["urgent"]


def test_a_review_of_an_urgent_case_that_is_opened_again_calls_again(desk: Desk) -> None:
    on_duty(desk, "rita")
    mark(desk)
    review = desk.search()
    assert review is not None
    with desk.database.write() as connection:
        connection.execute(update(reviews).values(status=ReviewStatus.DECIDED))
        connection.execute(update(candidates).values(status=CandidateStatus.LEAD))
    desk.stores.reviews.reopen(desk.stores.reviews.get(review.review_id))
    assert [record["people"] for record in calls(desk)] == [[desk.ids["rita"]], [desk.ids["rita"]]]


def test_an_alert_calls_though_its_case_is_not_urgent(desk: Desk) -> None:
    on_duty(desk, "rita")
    desk.search(another(desk, due=milliseconds() + 600_000))
    assert [(record["why"], record["people"]) for record in calls(desk)] == [("alert", [desk.ids["rita"]])]


def test_that_nobody_was_on_duty_is_in_the_log(desk: Desk) -> None:
    mark(desk)
    desk.search()
    assert [record["people"] for record in calls(desk)] == [[]]


def test_a_closed_case_is_not_urgent(desk: Desk) -> None:
    Cases(desk.database).close(desk.case, desk.ids["ines"], "solved")
    with pytest.raises(ConflictException, match="closed"):
        mark(desk)


def test_duty_changes_with_its_record_or_not_at_all(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(parts)
    office.person("rita", "reviewer")
    rita, duty = office.key("rita", "reviewer"), parts.stores.accountability.examination.duty
    until, place = datetime.now(UTC) + timedelta(hours=8), "http://127.0.0.1:9/called"

    def refuse(*_: Any) -> None:
        raise OSError("the server dies here")

    def die(operation: str, **request: Any) -> None:
        with monkeypatch.context() as dying:
            dying.setattr(Record, "end_within", refuse)
            office.call(operation, rita, **request)

    with pytest.raises(OSError, match="dies"):
        die("put_duty", Until=until, NotificationChannel=place)
    assert duty.now() == []
    office.call("put_duty", rita, Until=until, NotificationChannel=place)
    with pytest.raises(OSError, match="dies"):
        die("end_duty")
    assert [one.name for one in duty.now()] == ["rita"]
    done = [one for one in parts.audit.export() if one.get("outcome") == "ok"]
    told = [one["facts"]["PersonId"] for one in done if "Duty" in one["operation"]]
    assert told == [duty.now()[0].person_id]


def replayed(*records: dict[str, Any]) -> list[str]:
    replay = Replay(declared_operations(), RULES)
    for number, said in enumerate(records, 1):
        text = {"time": datetime.now(UTC).isoformat(), **said}
        replay.take(LogRecord(number, "", json.dumps(text), text))
    return [violation.sentence for violation in replay.end()]


URGENT = {
    "operation": "PutCaseUrgency",
    "outcome": "ok",
    "facts": {"CaseId": "C-1", "Urgent": True, "Reason": "a child"},
}
SEARCH = {"operation": "SearchFaces", "outcome": "ok", "review": "R-1", "case": "C-1", "person": "P-1"}
CALL = {"operation": CALLED, "review": "R-1", "case": "C-1", "people": ["P-2"]}
DUTY = {
    "operation": "PutDuty",
    "outcome": "ok",
    "facts": {"PersonId": "P-2", "Until": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
}


def test_the_log_shows_that_an_urgent_review_called_nobody() -> None:
    assert replayed(DUTY, URGENT, SEARCH, CALL) == []
    assert replayed(DUTY, SEARCH, URGENT, SEARCH) == []  # it was opened before
    [sentence] = replayed(DUTY, URGENT, SEARCH)
    assert "were not called" in sentence
    [sentence] = replayed(DUTY, URGENT, SEARCH, {**CALL, "people": []})
    assert "P-2 was on duty" in sentence
    [sentence] = replayed(URGENT, SEARCH, {**CALL, "people": ["P-1"]})
    assert "their own case" in sentence


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    made = build(Settings.load({}, data=tmp_path / "data", webhooks="private"), has_models=False)
    yield made
    made.close()


def test_reviewers_say_when_they_are_on_duty_and_members_what_is_urgent(parts: Parts) -> None:
    office = Office(parts)
    office.person("ines", "investigator")
    office.person("rita", "reviewer")
    ines, rita = office.key("ines", "investigator"), office.key("rita", "reviewer")
    until = datetime.now(UTC) + timedelta(hours=8)
    place = "http://127.0.0.1:9/called"
    assert (
        office.call("put_duty", rita, Until=until, NotificationChannel=place)["OnDuty"][0]["Name"] == "rita"
    )
    [shown] = office.call("get_duty", ines)["OnDuty"]
    assert "NotificationChannel" not in shown
    case = office.case(ines)
    marked = office.call("put_case_urgency", ines, CaseId=case, Urgent=True, Reason="a child is missing")
    assert marked["UrgentFor"] == "a child is missing"
    record = list(parts.audit.export())[-1]
    assert record["facts"] == {"CaseId": case, "Urgent": True, "Reason": "a child is missing"}
    assert office.call("end_duty", rita)["OnDuty"] == []
    with pytest.raises(InvalidParameterException, match="24 hours"):
        office.call("put_duty", rita, Until=until + timedelta(days=2), NotificationChannel=place)


def test_who_is_on_duty_is_told_to_who_calls_or_manages_reviewers_and_to_no_other(parts: Parts) -> None:
    office = Office(parts)
    seen: dict[str, list[str] | None] = {}
    until, place = datetime.now(UTC) + timedelta(hours=8), "http://127.0.0.1:9/called"
    for name in ("rita", "rolf"):
        office.person(name, "reviewer")
        own = office.key(name, "reviewer")
        answer = office.call("put_duty", own, Until=until, NotificationChannel=place)
        assert [one["Name"] for one in answer["OnDuty"]] == [name]
    for role in ROLES:
        person = "rita" if role == "reviewer" else office.person(f"one-{role}", role) and f"one-{role}"
        try:
            told = office.call("get_duty", office.key(person, role))["OnDuty"]
        except AccessDeniedException:
            seen[role] = None
        else:
            seen[role] = [one["Name"] for one in told]
    both = ["rita", "rolf"]
    expected = {"admin": both, "investigator": both, "approver": both, "reviewer": ["rita"]}
    assert seen == dict.fromkeys(ROLES) | expected
    with pytest.raises(AccessDeniedException, match="takes a person"):
        parts.gate.call("get_duty", {}, Caller(key_id="nobody's", name="first", role="admin"))


def test_duty_without_a_key_to_sign_with_takes_a_topic_or_the_server_s_secret(parts: Parts) -> None:
    rita = parts.stores.accountability.people.add("rita", ["reviewer"])
    until, place = datetime.now(UTC) + timedelta(hours=8), "http://127.0.0.1:9/called"
    request = {"Until": until, "NotificationChannel": place}
    with pytest.raises(InvalidParameterException, match="REGARD_WEBHOOK_SECRET"):
        parts.gate.call("put_duty", request, caller_of(rita, verified=milliseconds()))
