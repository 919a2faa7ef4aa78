"""The log shows an enrolment without consent, and the tables a face that lives again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from tests.governance.privacy.conftest import Clinic
from tests.governance.rules.test_rules import later

from regard.app import declared_operations
from regard.governance.rules.replay import Replay
from regard.governance.rules.rule import LogRecord
from regard.governance.rules.sources import records_within
from regard.governance.rules.tables import unexplained
from regard.storage.schema import faces


def replayed(clinic: Clinic, change: Any = None) -> tuple[dict[str, str], list[str]]:
    """The rules that the log breaks, with how, and what the tables hold beside it.

    `change` forges what the records of IndexFaces say.
    """
    replay = Replay(declared_operations())
    with clinic.office.parts.database.read() as connection:
        for record in records_within(connection):
            said = dict(record.said)
            if change is not None and record.operation == "IndexFaces":
                change(said)
            replay.take(LogRecord(record.sequence, record.hash, record.text, said))
        told = list(unexplained(connection, replay.state))
    return {one.rule: one.sentence for one in replay.end()}, told


def test_what_the_gate_does_about_consent_breaks_no_rule(clinic: Clinic) -> None:
    consent = clinic.consent("anna", Until=datetime.now(UTC) + timedelta(days=1))
    clinic.enrol("anna")
    clinic.office.call("withdraw_consent", clinic.petra, ConsentId=consent["ConsentId"])
    clinic.consent("anna", GivenAt=datetime.now(UTC))
    clinic.enrol("anna")
    assert replayed(clinic) == ({}, [])


def _none(said: dict[str, Any]) -> None:
    del said["consent"]
    later(said)


def _unknown(said: dict[str, Any]) -> None:
    said["consent"] = "CO-1999-000001"


def _ended(said: dict[str, Any]) -> None:
    later(said, hours=48)


@pytest.mark.parametrize(
    ("change", "told"),
    [(_none, "the record names none"), (_unknown, "no record says that it was given"), (_ended, "had ended")],
)
def test_an_enrolment_without_valid_consent_breaks_the_rule(clinic: Clinic, change: Any, told: str) -> None:
    clinic.consent("anna", Until=datetime.now(UTC) + timedelta(days=1))
    clinic.enrol("anna")
    broken, _ = replayed(clinic, change)
    assert told in broken["consent"]


def test_an_enrolment_after_withdrawal_breaks_the_rule(clinic: Clinic) -> None:
    consent = clinic.consent("anna")
    clinic.office.call("withdraw_consent", clinic.petra, ConsentId=consent["ConsentId"])
    clinic.consent("anna", GivenAt=datetime.now(UTC))
    clinic.enrol("anna")

    def by_the_withdrawn(said: dict[str, Any]) -> None:
        said["consent"] = consent["ConsentId"]
        later(said)

    broken, _ = replayed(clinic, by_the_withdrawn)
    assert "which was withdrawn" in broken["consent"]


def test_a_face_that_lives_again_is_reported(clinic: Clinic) -> None:
    consent = clinic.consent("anna")
    face_id = clinic.enrol("anna")["FaceRecords"][0]["Face"]["FaceId"]
    database = clinic.office.parts.database
    with database.read() as connection:
        row = dict(connection.execute(faces.select()).mappings().one())
    clinic.office.call("withdraw_consent", clinic.petra, ConsentId=consent["ConsentId"])
    with database.write() as connection:
        connection.execute(insert(faces).values(row))
    _, told = replayed(clinic)
    assert [sentence for sentence in told if face_id in sentence and "erased it" in sentence]
