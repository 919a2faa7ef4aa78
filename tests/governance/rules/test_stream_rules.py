"""The log alone shows a camera that searched faces without leave, or where nobody was told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from tests.governance.rules.conftest import Change, Installation
from tests.governance.rules.test_authorization_rules import DOCUMENT, moved
from tests.responsible import Office
from tests.storage.filled import example

from regard.app import build
from regard.governance.rules.sources import records_within
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import stream_events, stream_processors


class Yard:
    """The log of a camera that searches faces of a strict collection, by a warrant and beside a notice."""

    def __init__(self, folder: Path) -> None:
        self.database = Database.open(folder)
        self.one = Installation(None, self.database)  # type: ignore[arg-type]  # nothing is asked of the gate

    def record(self, operation: str) -> int:
        with self.database.read() as connection:
            found = [one.sequence for one in records_within(connection) if one.operation == operation]
        return found[-1]

    def broken(self) -> dict[str, str]:
        return {one.rule: one.sentence for one in self.one.violations()}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of an installation that has done so."""
    folder = tmp_path_factory.mktemp("yard") / "data"
    parts = build(Settings.load({}, data=folder, kinesis_endpoint="http://127.0.0.1:9"), has_models=False)
    office = Office(parts)
    office.person("ines", "investigator", trained="search")
    for name, role in (("anna", "approver"), ("paula", "privacy")):
        office.person(name, role)
    office.call("create_collection", CollectionId="c", Tags={"regard:purpose": "law-enforcement"})
    ines = office.key("ines", "investigator")
    case = office.case(ines)
    office.call(
        "create_stream_processor", ines, Name="gate", RoleArn="arn:aws:iam::000000000000:role/r",
        Input={"KinesisVideoStream": {"Arn": "rtsp://10.0.0.7/1"}},
        Output={"KinesisDataStream": {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/r"}},
        Settings={"FaceSearch": {"CollectionId": "c"}},
    )  # fmt: skip
    asked = office.call(
        "request_authorization", ines, CaseId=case, Basis="warrant", CollectionId="c", Cameras=["gate"]
    )
    anna, paula = office.session("anna", "approver"), office.session("paula", "privacy")
    office.call("approve_authorization", anna, AuthorizationId=asked["AuthorizationId"], **DOCUMENT)
    office.call(
        "put_camera_notice", paula, CameraId="gate", Language="en", Text="Faces are searched here.",
        Covers=["FACE_SEARCH"], PostedAt=datetime.now(UTC) - timedelta(hours=1),
    )  # fmt: skip
    office.call("start_stream_processor", ines, case, Name="gate")
    office.call("stop_stream_processor", ines, Name="gate")
    parts.close()
    return folder


@pytest.fixture
def yard(searched: Path, tmp_path: Path) -> Iterator[Yard]:
    copy = tmp_path / "data"
    shutil.copytree(searched, copy)
    opened = Yard(copy)
    yield opened
    opened.database.close()


def test_a_camera_that_may_search_breaks_no_rule(yard: Yard) -> None:
    assert yard.broken() == {}
    assert yard.one.unexplained() == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda record: record.pop("authorization"), "without an authorization that a record tells of"),
        (lambda record: record.update(case="C-2026-000999"), "is of the case"),
        (lambda record: record.update(camera="yard"), "doesn't cover"),
        (moved(31 * 24), "did not hold"),
    ],
)
def test_a_start_without_leave_breaks_the_rule(yard: Yard, change: Change, sentence: str) -> None:
    yard.one.forge(yard.record("StartStreamProcessor"), change)
    assert sentence in yard.broken()["live searches"]


@pytest.mark.parametrize("change", [{"Covers": ["ATTRIBUTES"]}, {"CameraId": "yard"}])
def test_a_start_where_nobody_was_told_breaks_the_rule(yard: Yard, change: dict[str, Any]) -> None:
    yard.one.forge(yard.record("PutCameraNotice"), lambda record: record["facts"].update(change))
    assert list(yard.broken()) == ["camera notices"]


def test_a_camera_that_looks_for_labels_is_held_to_a_notice_of_that(yard: Yard) -> None:
    yard.one.forge(yard.record("StartStreamProcessor"), lambda record: record.pop("collection"))
    assert yard.broken() == {
        "camera notices": "labels are looked for by the camera gate, and neither a notice says so nor a "
        "covert warrant"
    }


def test_a_start_that_claims_a_covert_warrant_that_was_none_breaks_the_rule(yard: Yard) -> None:
    start = yard.record("StartStreamProcessor")
    yard.one.forge(start, lambda record: record.update(notice="covert"))
    assert yard.broken() == {}  # there was a notice all the same
    yard.one.forge(yard.record("PutCameraNotice"), lambda record: record["facts"].update(CameraId="yard"))
    assert list(yard.broken()) == ["camera notices"]


def test_what_a_worker_does_in_a_session_that_nobody_began_breaks_the_rule(yard: Yard) -> None:
    start = yard.record("StartStreamProcessor")
    yard.one.forge(start, lambda record: record.update(stage="alert"))
    assert "in a session that no record began" in yard.broken()["live searches"]


def test_a_processor_and_an_alert_that_no_record_tells_of_are_reported(yard: Yard) -> None:
    with yard.database.write() as connection:
        for table, values in (
            (stream_processors, {"name": "hidden"}),
            (stream_events, {"event_id": "secret", "kind": "FACE_MATCHED"}),
            (stream_events, {"event_id": "lost", "kind": "SOURCE_LOST"}),
        ):
            needed = {
                column.name: example(column, 7)
                for column in table.columns
                if not (column.nullable or column.primary_key or column.server_default)
            }
            connection.execute(insert(table).values(needed | values))
    assert yard.one.unexplained() == [
        "No record says that the stream processor hidden was made.",
        "No record tells of the alert secret.",
    ]
