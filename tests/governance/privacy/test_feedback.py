"""Anybody may ask and complain; they are answered by a code, and a stranger's word erases nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import select
from tests.governance.privacy.conftest import Clinic
from tests.postgres import Place

from regard.caller import LOCAL, NOBODY
from regard.errors import (
    AccessDeniedException,
    ConflictException,
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from regard.governance.audit import AuditLog
from regard.governance.privacy import feedback_box
from regard.governance.privacy.feedback import Decision, FeedbackState, NewFeedback, months_later
from regard.governance.privacy.feedback_box import FeedbackBox
from regard.governance.privacy.retention import Retention
from regard.governance.profiles import load_profiles
from regard.storage.clock import milliseconds
from regard.storage.encryption import Cipher
from regard.storage.schema import feedback as table

DAY: Final = 24 * 3_600_000
STRANGER: Final = replace(NOBODY, address="192.0.2.1")
ASKED: Final = {"Kind": "ERASURE", "Text": "Erase my face, please."}
REFUSED: Final = {"Decision": "REFUSED", "Reason": "not you", "ComplainTo": "the supervisory authority"}


@pytest.fixture
def box(place: Place) -> FeedbackBox:
    database = place.open()
    retention = Retention(load_profiles("").rules)
    return FeedbackBox(database, AuditLog(database), Cipher(place.folder), retention, a_day=5)


def sent(box: FeedbackBox, **more: Any) -> tuple[str, str]:
    """A matter of a stranger: its id and its code."""
    new = NewFeedback(**{"kind": "ERASURE", "text": "Erase me.", "address": "192.0.2.1", **more})
    matter, code = box.send(new)
    return matter.feedback_id, code


def test_what_is_sent_is_read_with_its_code_alone(box: FeedbackBox) -> None:
    """Attack 14: codes guessed."""
    feedback_id, code = sent(box)
    assert box.by_code(code).feedback_id == feedback_id
    for guess in (code[:-1] + ("0" if code[-1] != "0" else "1"), feedback_id, "%", ""):
        with pytest.raises(ResourceNotFoundException, match="nothing by that code"):
            box.by_code(guess)


def test_nothing_of_a_person_stands_in_the_database_in_clear(place: Place) -> None:
    database = place.open()
    retention = Retention(load_profiles("").rules)
    box = FeedbackBox(database, AuditLog(database), Cipher(place.folder), retention, a_day=5)
    _, code = sent(box, text="I am Anna Lind.", contact="anna@example.org", picture=b"\xff\xd8\xff anna")
    with database.read() as connection:
        row = str(connection.execute(select(table)).one())
    assert not [word for word in ("Anna", "anna@", "anna", "192.0.2.1", code) if word in row]
    (record,) = AuditLog(database).export()
    assert record["facts"].keys() == {"FeedbackId", "Kind", "HasPicture"}


def test_an_address_sends_five_a_day_and_others_go_on(box: FeedbackBox) -> None:
    """Attack 14: a flood of feedback."""
    for _ in range(5):
        sent(box)
    with pytest.raises(LimitExceededException, match="5 a day"):
        sent(box)
    sent(box, address="192.0.2.2")
    box.run_due(milliseconds() + DAY + 1)  # by then the address is forgotten
    sent(box)


def test_pictures_of_strangers_do_not_fill_the_disk(
    box: FeedbackBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback_box, "_MAX_PICTURES", 1)
    sent(box, picture=b"\xff\xd8\xff")
    with pytest.raises(LimitExceededException, match="without one"):
        sent(box, picture=b"\xff\xd8\xff")
    sent(box)


def test_an_answer_follows_only_once_it_is_clear_who_asks(box: FeedbackBox) -> None:
    feedback_id, _ = sent(box)
    with pytest.raises(ConflictException, match="is RECEIVED, and not GRANTED next"):
        box.decide(feedback_id, Decision(state=FeedbackState.GRANTED), "P-1")
    box.decide(feedback_id, Decision(state=FeedbackState.IDENTIFIED), "P-1")
    box.decide(feedback_id, Decision(state=FeedbackState.GRANTED, answer="erased"), "P-1")
    for state in FeedbackState:
        with pytest.raises(ConflictException):
            box.decide(feedback_id, Decision(state=state), "P-1")


def test_the_picture_goes_with_the_answer(box: FeedbackBox) -> None:
    feedback_id, _ = sent(box, picture=b"\xff\xd8\xff anna")
    assert box.picture(feedback_id) == b"\xff\xd8\xff anna"
    box.decide(feedback_id, Decision(state=FeedbackState.UNIDENTIFIED), "P-1")
    assert box.get(feedback_id).has_picture
    box.decide(feedback_id, Decision(state=FeedbackState.REFUSED, reason="unknown"), "P-1")
    assert not box.get(feedback_id).has_picture
    with pytest.raises(ResourceNotFoundException, match="no picture"):
        box.picture(feedback_id)


def test_an_answer_is_owed_in_a_month_and_once_two_months_later(box: FeedbackBox) -> None:
    feedback_id, _ = sent(box)
    matter = box.get(feedback_id)
    assert matter.due == months_later(matter.received, 1)
    assert box.extend(feedback_id, "many asked").due == months_later(matter.received, 3)
    with pytest.raises(ConflictException, match="extended already"):
        box.extend(feedback_id, "again")


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2027, 11, 30), 3, (2028, 2, 29)),
        ((2026, 12, 15), 1, (2027, 1, 15)),
    ],
)
def test_a_month_ends_on_its_day_or_its_last(
    day: tuple[int, int, int], months: int, later: tuple[int, int, int]
) -> None:
    def at(date: tuple[int, int, int]) -> int:
        return round(datetime(*date, 12, tzinfo=UTC).timestamp() * 1000)

    assert months_later(at(day), months) == at(later)


def test_an_answered_matter_is_forgotten_in_its_time_and_an_open_one_is_not(
    box: FeedbackBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, code = sent(box)
    waiting, _ = sent(box)
    for state in (FeedbackState.UNIDENTIFIED, FeedbackState.REFUSED):
        box.decide(answered, Decision(state=state), "P-1")
    later = milliseconds() + 4 * 365 * DAY
    monkeypatch.setattr(feedback_box, "milliseconds", lambda: later)
    assert [matter.feedback_id for matter in box.all()] == [waiting]  # though the upkeep is late
    with pytest.raises(ResourceNotFoundException):
        box.by_code(code)
    box.run_due(later)
    assert [matter.feedback_id for matter in box.all()] == [waiting]


def test_a_stranger_s_word_erases_nothing(clinic: Clinic) -> None:
    """Attack 14: erasure in another's name."""
    clinic.consent("anna")
    clinic.enrol("anna")
    office = clinic.office
    code = office.call("send_feedback", STRANGER, **ASKED, Contact="anna@example.org")["Code"]
    assert office.call("get_feedback", NOBODY, Code=code)["State"] == "RECEIVED"
    assert len(clinic.faces()) == 1


def test_a_picture_is_searched_once_somebody_accepts_it_and_tells_who_and_not_how_alike(
    clinic: Clinic,
) -> None:
    clinic.consent("anna")
    enrolled = clinic.enrol("anna")["FaceRecords"][0]["Face"]["FaceId"]
    office = clinic.office
    office.call("send_feedback", STRANGER, **ASKED, Picture=clinic.face)
    (matter,) = office.call("list_feedback", clinic.petra)["Feedback"]
    request = {"FeedbackId": matter["FeedbackId"], "CollectionId": "members"}
    for caller in (LOCAL, replace(clinic.petra, verified=1)):
        with pytest.raises(AccessDeniedException):
            office.call("search_feedback", caller, **request)
    found = office.call("search_feedback", clinic.petra, **request)
    assert found["Matches"] == [{"FaceId": enrolled, "ExternalImageId": "anna"}]


def test_a_granted_erasure_is_answered_with_its_receipt(clinic: Clinic) -> None:
    office = clinic.office
    clinic.consent("anna")
    clinic.enrol("anna")
    code = office.call("send_feedback", STRANGER, **ASKED)["Code"]
    (matter,) = office.call("list_feedback", clinic.petra)["Feedback"]
    named = {"FeedbackId": matter["FeedbackId"]}
    erased = office.call(
        "erase_faces", clinic.petra, CollectionId="members", ExternalImageId="anna", Reason="asked"
    )
    office.call("decide_feedback", clinic.petra, **named, Decision="IDENTIFIED")
    office.call(
        "decide_feedback",
        clinic.petra,
        **named,
        Decision="GRANTED",
        Answer="Your face is erased.",
        ReceiptIds=[erased["ReceiptId"]],
    )
    told = office.call("get_feedback", NOBODY, Code=code)
    assert (told["State"], told["Answer"]) == ("GRANTED", "Your face is erased.")
    assert told["ReceiptIds"] == [erased["ReceiptId"]]
    assert "Contact" not in told
    assert "Text" not in told


@pytest.mark.parametrize(
    ("left_out", "match"), [("Reason", "takes a Reason"), ("ComplainTo", "whom the person may complain to")]
)
def test_a_refusal_says_why_and_whom_to_complain_to(clinic: Clinic, left_out: str, match: str) -> None:
    office = clinic.office
    office.call("send_feedback", STRANGER, **ASKED)
    (matter,) = office.call("list_feedback", clinic.petra)["Feedback"]
    named = {"FeedbackId": matter["FeedbackId"]}
    office.call("decide_feedback", clinic.petra, **named, Decision="UNIDENTIFIED")
    short = {name: value for name, value in REFUSED.items() if name != left_out}
    with pytest.raises(InvalidParameterException, match=match):
        office.call("decide_feedback", clinic.petra, **named, **short)
    assert office.call("decide_feedback", clinic.petra, **named, **REFUSED)["State"] == "REFUSED"


def test_what_is_overdue_is_shown_so(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    office = clinic.office
    office.call("send_feedback", STRANGER, **ASKED)
    assert not office.call("list_feedback", clinic.petra)["Feedback"][0]["Overdue"]
    later = milliseconds() + 32 * DAY
    monkeypatch.setattr("regard.operations.privacy.feedback.milliseconds", lambda: later)
    assert office.call("list_feedback", clinic.petra)["Feedback"][0]["Overdue"]


def test_what_is_no_picture_is_refused_before_anything_reads_it(clinic: Clinic) -> None:
    with pytest.raises(InvalidParameterException, match="no JPEG or PNG"):
        clinic.office.call("send_feedback", STRANGER, **ASKED, Picture=b"GIF89a")
