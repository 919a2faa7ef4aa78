"""Under a strict purpose faces are searched in live video with leave, beside a notice, and by nobody else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.responsible import Office

from regard.app import Parts, build, declared_operations
from regard.caller import LOCAL, Caller
from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance.camera_notices import Covers, camera_of
from regard.governance.purpose import TAG
from regard.governance.rules.replay import Replay
from regard.governance.rules.sources import records_within
from regard.governance.rules.tables import unexplained
from regard.jobs.leases import LeaseLost
from regard.settings import Settings
from regard.streams.events import EventKind, NewEvent
from regard.streams.leases import StreamLease, StreamLeases
from regard.streams.records import StreamProcessor

DOCUMENT = {
    "Issuer": "District Court",
    "Number": "22 Gs 17/26",
    "Digest": "ab" * 32,
    "Issued": datetime.now(UTC) - timedelta(days=1),
}
DATA = "arn:aws:kinesis:us-east-1:123456789012:stream/records"
ROLE = "arn:aws:iam::123456789012:role/r"


@dataclass
class Watch:
    """An investigator on a case, an approver, someone who posts notices, and a strict collection."""

    office: Office
    parts: Parts
    ines: Caller
    anna: Caller
    paula: Caller
    case: str

    def create(
        self,
        name: str = "gate",
        caller: Caller | None = None,
        source: str = "rtsp://10.0.0.7/1",
        **changes: Any,
    ) -> StreamProcessor:
        request = {
            "Input": {"KinesisVideoStream": {"Arn": source}},
            "Output": {"KinesisDataStream": {"Arn": DATA}},
            "Name": name,
            "Settings": {"FaceSearch": {"CollectionId": "wanted"}},
            "RoleArn": ROLE,
        } | changes
        self.office.call("create_stream_processor", caller or self.ines, **request)
        return self.parts.stores.streams.get(name)

    def start(self, name: str = "gate", caller: Caller | None = None, case: str | None = None) -> str:
        answer = self.office.call("start_stream_processor", caller or self.ines, case or self.case, Name=name)
        return str(answer["SessionId"])

    def authorize(self, camera: str = "gate", basis: str = "warrant", **changes: Any) -> str:
        facts = {"Grounds": "Shots were fired."} if basis == "exigency" else {}
        request = {"CaseId": self.case, "Basis": basis, "CollectionId": "wanted", "Cameras": [camera]}
        asked = self.office.call("request_authorization", self.ines, **{**request, **facts, **changes})
        if basis != "exigency":
            self.decide("approve", asked["AuthorizationId"], **DOCUMENT)
        return str(asked["AuthorizationId"])

    def post(self, camera: str = "gate", *covers: str) -> None:
        self.office.call(
            "put_camera_notice", self.paula, CameraId=camera, Language="en", Text="Faces are searched here.",
            Covers=list(covers) or ["FACE_SEARCH"], PostedAt=datetime.now(UTC) - timedelta(hours=1),
        )  # fmt: skip

    def held(self) -> tuple[StreamLeases, StreamLease]:
        """The camera as a worker has it."""
        leases = StreamLeases(self.parts.database)
        [lease] = leases.take("w", 1)
        return leases, lease

    def decide(self, how: str, authorization: str, **request: Any) -> dict[str, Any]:
        named = {"AuthorizationId": authorization, **request}
        answer: dict[str, Any] = self.office.call(f"{how}_authorization", self.anna, **named)
        return answer

    def broken(self) -> list[str]:
        """The rules that the log breaks, and what of the tables it doesn't explain."""
        replay = Replay(declared_operations())
        with self.parts.database.read() as connection:
            for record in records_within(connection):
                replay.take(record)
            rows = list(unexplained(connection, replay.state))
        return [one.sentence for one in replay.end()] + rows


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """An office whose people, keys and case are there; each test has a copy of its data folder."""
    parts = built(tmp_path_factory.mktemp("watch") / "data")
    office = Office(parts)
    office.person("ines", "investigator", trained="search")
    for name, role in (("anna", "approver"), ("paula", "privacy"), ("otto", "operator")):
        office.person(name, role)
    office.call("create_collection", CollectionId="wanted", Tags={TAG: "law-enforcement"})
    ines = office.key("ines", "investigator")
    anna, paula = office.session("anna", "approver"), office.session("paula", "privacy")
    case = office.case(ines)
    parts.close()
    return Watch(office, parts, ines, anna, paula, case)


def built(folder: Path) -> Parts:
    return build(Settings.load({}, data=folder, kinesis_endpoint="http://127.0.0.1:9"), has_models=False)


@pytest.fixture
def watch(begun: Watch, tmp_path: Path) -> Iterator[Watch]:
    shutil.copytree(begun.parts.settings.data, tmp_path / "data")
    parts = built(tmp_path / "data")
    yield replace(begun, parts=parts, office=Office(parts))
    parts.close()


def test_what_is_authorized_and_announced_starts(watch: Watch) -> None:
    assert watch.create().camera_id == "gate"
    leave = watch.authorize()
    watch.post()
    session = watch.start()
    started = watch.parts.stores.streams.get("gate")
    assert (started.status, started.session, started.authorization_id) == ("STARTING", session, leave)
    assert (started.purpose, started.match_threshold, started.case_id) == (
        "law-enforcement", 99.0, watch.case,
    )  # fmt: skip
    authorization = watch.parts.stores.accountability.authorizations.get(leave)
    assert started.authorized_until == authorization.until
    record = next(one for one in watch.parts.audit.export() if one["operation"] == "StartStreamProcessor")
    told = ("stream", "session", "camera", "notice", "authorization", "case", "purpose", "threshold")
    assert [record[name] for name in told] == [
        "gate", session, "gate", "1", leave, watch.case, "law-enforcement", 99.0,
    ]  # fmt: skip
    assert watch.broken() == []


def test_nothing_starts_without_an_authorization(watch: Watch) -> None:
    watch.create()
    watch.post()
    with pytest.raises(AccessDeniedException, match="covers the camera gate"):
        watch.start()
    assert watch.parts.stores.streams.get("gate").status == "STOPPED"
    assert watch.broken() == []


def test_nothing_starts_without_a_notice(watch: Watch) -> None:
    watch.create()
    watch.authorize()
    for camera, covers in (("yard", "FACE_SEARCH"), ("gate", "ATTRIBUTES")):
        with pytest.raises(AccessDeniedException, match="No notice beside the camera gate"):
            watch.start()
        watch.post(camera, covers)
    with pytest.raises(AccessDeniedException, match="No notice"):
        watch.start()


def test_a_covert_warrant_takes_no_notice(watch: Watch) -> None:
    watch.create()
    watch.authorize(Covert=True)
    watch.start()
    assert watch.broken() == []


def test_regard_s_own_words_are_no_notice_that_somebody_posted(watch: Watch) -> None:
    watch.office.call("create_collection", CollectionId="staff")
    watch.create("gate", LOCAL, Settings={"FaceSearch": {"CollectionId": "staff"}})
    [announced] = watch.office.call("list_notices")["Notices"]
    assert (announced["CameraId"], announced["Version"]) == ("gate", 0)
    watch.create("gate-2")
    watch.authorize()
    with pytest.raises(AccessDeniedException, match="No notice beside the camera gate"):
        watch.start("gate-2")


def test_an_exigency_holds_until_the_authority_had_to_be_asked(watch: Watch) -> None:
    watch.create()
    watch.post()
    leave = watch.authorize(basis="exigency")
    watch.start()
    authorization = watch.parts.stores.accountability.authorizations.get(leave)
    assert watch.parts.stores.streams.get("gate").authorized_until == authorization.ask_by
    assert authorization.ask_by is not None
    assert authorization.ask_by < authorization.until


def test_what_is_revoked_is_held_by_no_worker_from_then_on(watch: Watch) -> None:
    watch.create()
    watch.post()
    leave = watch.authorize()
    watch.start()
    leases, lease = watch.held()
    assert leases.standing([lease]) == {lease.row: "STARTING"}
    watch.decide("revoke", leave, Reason="found")
    assert (leases.standing([lease]), leases.renew([lease]), leases.take("v", 1)) == ({}, {}, [])
    assert [one.name for one in leases.end_unauthorized()] == ["gate"]
    told = watch.office.call("describe_stream_processor", watch.ines, watch.case, Name="gate")
    assert (told["Status"], told["StatusMessage"]) == ("FAILED", f"The authorization {leave} is over.")


def test_what_is_extended_goes_on_and_ends_with_its_successor(watch: Watch) -> None:
    watch.create()
    watch.post()
    leave = watch.authorize()
    watch.start()
    leases, lease = watch.held()
    longer = watch.decide("extend", leave, **DOCUMENT, Until=datetime.now(UTC) + timedelta(days=20))
    held = watch.parts.stores.streams.get("gate")
    assert held.authorized_until == round(longer["Until"].timestamp() * 1000)
    assert leases.renew([lease]) == {lease.row: "STARTING"}
    watch.decide("revoke", longer["AuthorizationId"], Reason="found")
    assert leases.renew([lease]) == {}


def test_an_exigency_that_the_authority_was_asked_about_goes_on_until_it_must_decide(watch: Watch) -> None:
    watch.create()
    watch.post()
    leave = watch.authorize(basis="exigency")
    watch.start()
    named = {"AuthorizationId": leave, "Authority": "District Court"}
    watch.office.call("submit_authorization", watch.ines, **named)
    authorization = watch.parts.stores.accountability.authorizations.get(leave)
    until = watch.parts.stores.streams.get("gate").authorized_until
    assert until == min(authorization.until, authorization.decide_by or 0)
    watch.decide("ratify", leave, **DOCUMENT)
    assert watch.parts.stores.streams.get("gate").authorized_until == authorization.until


def test_what_a_refused_exigency_saw_is_erased(watch: Watch) -> None:
    watch.create()
    watch.post()
    leave = watch.authorize(basis="exigency")
    watch.start()
    leases, lease = watch.held()
    events = watch.parts.stores.stream_events
    event = NewEvent(kind=EventKind.FACE_MATCHED, at=1, subject="face/f", body={}, crop=b"a face")
    assert events.commit(leases, lease, event) is not None
    watch.decide("reject", leave, Reason="no danger")
    assert events.page(limit=9) == []
    with pytest.raises(LeaseLost):
        events.commit(leases, lease, event)
    erased = next(one for one in watch.parts.audit.export() if one["operation"] == "erase authorization")
    assert (erased["events"], erased["authorization"]) == (1, leave)


def test_the_name_of_a_camera_stays_with_its_source(watch: Watch) -> None:
    watch.create()
    watch.authorize()
    watch.post()
    watch.office.call("delete_stream_processor", watch.ines, Name="gate")
    assert watch.create("gate", source="rtsp://10.0.0.8/1").camera_id == "gate.2"
    with pytest.raises(AccessDeniedException, match=r"covers the camera gate\.2"):
        watch.start()
    assert watch.create("other", source="rtsp://eve:hunter2@10.0.0.7/1").camera_id == "gate"
    watch.start("other")


def test_a_case_of_another_is_none_to_search_on(watch: Watch) -> None:
    watch.create()
    watch.authorize()
    watch.post()
    with pytest.raises(AccessDeniedException, match="There is no case"):
        watch.start(case="C-2026-000099")


def test_who_is_nobody_or_not_trained_starts_nothing(watch: Watch) -> None:
    watch.office.person("ivan", "investigator")
    ivan = watch.office.key("ivan", "investigator")
    watch.create()
    watch.authorize()
    watch.post()
    otto = watch.office.key("otto", "operator")
    for caller, why in (
        (LOCAL, "a person's key"),
        (otto, "the role investigator"),
        (ivan, "no valid training"),
    ):
        with pytest.raises(AccessDeniedException, match=why):
            watch.start(caller=caller)


def test_a_processor_is_made_by_somebody_and_stopped_by_anybody_who_may(watch: Watch) -> None:
    with pytest.raises(AccessDeniedException, match="a person's key"):
        watch.create(caller=LOCAL)
    watch.create(caller=watch.office.key("otto", "operator"))
    watch.authorize()
    watch.post()
    watch.start()
    watch.office.call("stop_stream_processor", LOCAL, Name="gate")
    assert watch.parts.stores.streams.get("gate").status == "STOPPED"


def test_a_threshold_below_99_is_refused_and_99_is_the_default(watch: Watch) -> None:
    low = {"FaceSearch": {"CollectionId": "wanted", "FaceMatchThreshold": 98.9}}
    with pytest.raises(InvalidParameterException, match="must be at least 99"):
        watch.create("low", Settings=low)
    assert watch.create("default").threshold == 99.0
    high = {"FaceSearch": {"CollectionId": "wanted", "FaceMatchThreshold": 99.7}}
    assert watch.create("high", Settings=high).threshold == 99.7


def test_a_collection_that_became_strict_is_searched_by_its_rules(watch: Watch) -> None:
    watch.office.call("create_collection", CollectionId="staff")
    settings = {"FaceSearch": {"CollectionId": "staff", "FaceMatchThreshold": 85.0}}
    watch.create("lobby", LOCAL, Settings=settings)
    arn = "arn:aws:rekognition:us-east-1:000000000000:collection/staff"
    watch.office.call("tag_resource", LOCAL, ResourceArn=arn, Tags={TAG: "access-control"})
    watch.office.call("start_stream_processor", LOCAL, Name="lobby")
    started = watch.parts.stores.streams.get("lobby")
    assert (started.threshold, started.match_threshold, started.purpose) == (85.0, 99.0, "access-control")


def test_labels_under_a_strict_key_ask_for_no_leave(watch: Watch) -> None:
    key = watch.office.key("ines", "investigator", purpose="law-enforcement")
    with pytest.raises(InvalidParameterException, match="REGARD_OUTPUT_BUCKETS"):
        watch.create(
            "porch", key, Output={"S3Destination": {"Bucket": "home"}},
            Settings={"ConnectedHome": {"Labels": ["PERSON"]}},
        )  # fmt: skip
    assert watch.broken() == []


def test_under_general_whom_a_camera_looks_for_is_announced_at_once(watch: Watch) -> None:
    watch.office.call("create_collection", CollectionId="staff")
    settings = {"FaceSearch": {"CollectionId": "staff"}}
    watch.create("lobby", LOCAL, Settings=settings, Tags={"regard:place": "The lobby"})
    [announced] = watch.office.call("list_notices")["Notices"]
    assert announced["Text"].startswith("The lobby: the faces that this camera sees")
    assert announced["Covers"] == ["FACE_SEARCH"]
    watch.post("lobby")
    [posted] = watch.office.call("list_notices")["Notices"]
    assert (posted["Version"], posted["Text"]) == (1, "Faces are searched here.")
    watch.create("secret", source="rtsp://10.0.0.9/1")
    assert len(watch.office.call("list_notices")["Notices"]) == 1


def test_a_run_goes_on_under_the_authorization_that_its_start_took_and_no_other(watch: Watch) -> None:
    watch.create()
    watch.post()
    first = watch.authorize(Until=datetime.now(UTC) + timedelta(days=2))
    watch.start()
    other = watch.authorize(Until=datetime.now(UTC) + timedelta(days=20))  # which a start would take now
    stream = watch.parts.stores.streams.get("gate")
    running = watch.parts.gate.begin(stream)
    assert running.authorized_until == watch.parts.stores.accountability.authorizations.get(first).until
    running.end()
    told = [one for one in watch.parts.audit.export() if one.get("stage") == "session"]
    assert {one["authorization"] for one in told} == {first}
    watch.decide("revoke", first, Reason="found")
    with pytest.raises(AccessDeniedException, match=f"The authorization {first} is REVOKED"):
        watch.parts.gate.begin(stream)
    assert other != first


def test_a_run_that_began_without_leave_takes_none_that_comes_later(watch: Watch) -> None:
    """The collection has become strict since: what runs is ended, and may be started anew."""
    watch.office.call("create_collection", CollectionId="staff")
    watch.create("lobby", LOCAL, Settings={"FaceSearch": {"CollectionId": "staff"}})
    watch.office.call("start_stream_processor", watch.ines, watch.case, Name="lobby")
    arn = "arn:aws:rekognition:us-east-1:000000000000:collection/staff"
    watch.office.call("tag_resource", LOCAL, ResourceArn=arn, Tags={TAG: "law-enforcement"})
    watch.authorize("lobby", CollectionId="staff")
    with pytest.raises(AccessDeniedException, match="was started without an authorization"):
        watch.parts.gate.begin(watch.parts.stores.streams.get("lobby"))


def test_a_camera_that_looks_for_people_is_announced_and_keeps_what_it_was_announced_for(
    watch: Watch, tmp_path: Path
) -> None:
    with watch.parts.database.write() as connection:
        camera = camera_of(connection, "rtsp://10.0.0.5/1", "yard", "The yard", [Covers.LABELS])
    [announced] = watch.office.call("list_notices")["Notices"]
    assert announced["Covers"] == ["LABELS"]
    assert announced["Text"].startswith("The yard: people, animals or packages are searched for")
    assert "list" not in announced["Text"]
    with watch.parts.database.write() as connection:
        camera_of(connection, "rtsp://10.0.0.5/1", "yard", None, [Covers.FACE_SEARCH])
    [both] = watch.office.call("list_notices")["Notices"]
    assert (both["CameraId"], both["Covers"]) == (camera, ["LABELS", "FACE_SEARCH"])
    assert "compared with a list of people; people, animals" in both["Text"]
