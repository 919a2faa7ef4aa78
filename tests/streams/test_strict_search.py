"""Under a strict purpose live video names nobody: an alert opens a review; it ends with its authorization."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regard.app import Parts, build, declared_operations
from regard.caller import Caller
from regard.governance.examination.states import ReviewStatus
from regard.governance.purpose import TAG
from regard.governance.rules.replay import Replay
from regard.governance.rules.sources import records_within
from regard.governance.rules.tables import unexplained
from regard.operations.reviewing.recorded import is_placeholder
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.streams.leases import StreamLeases
from regard.streams.records import StreamProcessor, StreamStatus
from regard.streams.running import Unwatched
from regard.streams.worker import OpenedSource, StreamTools, StreamWorker
from regard.video.live.samples import LiveSample
from tests.conftest import PICTURES
from tests.responsible import Office
from tests.streams.cameras import walking_samples
from tests.streams.made import MadeOutput, MadeSource, Wakes
from tests.waiting import wait_until

ROLE = "arn:aws:iam::123456789012:role/r"
DATA = "arn:aws:kinesis:us-east-1:123456789012:stream/records"


@dataclass
class WalkSource(MadeSource):
    """Somebody walks by, again and again."""

    samples: list[LiveSample] = field(default_factory=lambda: walking_samples(6))

    def ask(self, timeout: float) -> Any:
        number = super().ask(timeout)
        return None if number is None or number > len(self.samples) else self.samples[number - 1]


@dataclass
class Guarded:
    """An office with a strict collection, and a camera of it that may be searched."""

    office: Office
    parts: Parts
    ines: Caller
    anna: Caller
    case: str
    leave: str
    output: MadeOutput = field(default_factory=MadeOutput)

    @contextmanager
    def working(self) -> Iterator[None]:
        def opened(_stream: StreamProcessor) -> OpenedSource:
            return OpenedSource(("walk",), WalkSource, is_recorded=True)

        tools = StreamTools(
            leases=StreamLeases(self.parts.database),
            events=self.parts.stores.stream_events,
            gate=lambda: self.parts.gate,
            source=opened,
            output=lambda _: self.output,
            views=Unwatched(),
            wake=Wakes(),
        )
        stop = threading.Event()
        thread = threading.Thread(target=StreamWorker(tools, threads=1).run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def messages(self) -> list[dict[str, Any]]:
        """The notices that are to be delivered."""
        with self.parts.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT message FROM stream_notices ORDER BY row").scalars()
            return [json.loads(row) for row in rows]

    def broken(self) -> list[str]:
        """The rules that the log breaks, and what of the tables it doesn't explain."""
        replay = Replay(declared_operations())
        with self.parts.database.read() as connection:
            for record in records_within(connection):
                replay.take(record)
            rows = list(unexplained(connection, replay.state))
        return [one.sentence for one in replay.end()] + rows


@pytest.fixture(scope="module")
def guarded(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    settings = Settings.load(
        {},
        data=tmp_path_factory.mktemp("strict") / "data",
        kinesis_endpoint="http://127.0.0.1:9",
        webhooks="private",
        webhook_secret="w" * 20,
    )
    parts = build(settings)
    office = Office(parts)
    office.person("ines", "investigator", trained="search")
    for name, role in (("anna", "approver"), ("paula", "privacy"), ("otto", "operator")):
        office.person(name, role)
    office.call("create_collection", CollectionId="wanted", Tags={TAG: "law-enforcement"})
    picture = (PICTURES / "astronaut.jpg").read_bytes()
    office.call(
        "index_faces", office.key("otto", "operator"), CollectionId="wanted", ExternalImageId="eileen",
        Image={"Bytes": picture},
    )  # fmt: skip
    ines, anna = office.key("ines", "investigator"), office.session("anna", "approver")
    case = office.case(ines)
    request = {
        "Input": {"KinesisVideoStream": {"Arn": "rtsp://10.0.0.7/1"}},
        "Output": {"KinesisDataStream": {"Arn": DATA}},
        "Name": "gate",
        "Settings": {"FaceSearch": {"CollectionId": "wanted"}},
        "RoleArn": ROLE,
        "NotificationChannel": {"SNSTopicArn": "http://127.0.0.1:9/hook"},
    }
    office.call("create_stream_processor", ines, **request)
    office.call(
        "put_camera_notice", office.session("paula", "privacy"), CameraId="gate", Language="en",
        Text="Faces are searched here.", Covers=["FACE_SEARCH"],
        PostedAt=datetime.now(UTC) - timedelta(hours=1),
    )  # fmt: skip
    asked = office.call(
        "request_authorization", ines, CaseId=case, Basis="warrant", CollectionId="wanted", Cameras=["gate"]
    )
    leave = str(asked["AuthorizationId"])
    office.call(
        "approve_authorization", anna, AuthorizationId=leave, Issuer="District Court", Number="22 Gs 17/26",
        Digest="ab" * 32, Issued=datetime.now(UTC) - timedelta(days=1),
    )  # fmt: skip
    office.call("start_stream_processor", ines, case, Name="gate")
    yield Guarded(office, parts, ines, anna, case, leave)
    parts.close()


def test_an_alert_opens_a_review_and_names_nobody(guarded: Guarded) -> None:
    stores = guarded.parts.stores
    with guarded.working():
        wait_until(lambda: stores.stream_events.page(limit=10), seconds=25)
        wait_until(lambda: any("PENDING_REVIEW" in one for one in guarded.output.records))
    [event] = stores.stream_events.page(limit=10, kind="FACE_MATCHED")
    [review] = stores.accountability.examination.reviews.of_cases()
    assert event.body["Review"] == review.review_id
    assert review.status is ReviewStatus.PENDING
    assert review.authorization_id == guarded.leave
    [message] = guarded.messages()
    assert (message["review"], message["status"]) == (review.review_id, "PENDING_REVIEW")
    [face] = guarded.office.call("list_faces", CollectionId="wanted")["Faces"]
    told = json.dumps([message, dict(event.body), event.subject, guarded.output.records])
    for secret in (face["FaceId"], face["ImageId"], "eileen"):
        assert secret not in told
    assert event.pictures == frozenset()
    assert guarded.broken() == []


def test_another_worker_goes_on_with_the_same_placeholders(guarded: Guarded) -> None:
    """With the first picture, though there is no other alert about the same sighting."""
    stores = guarded.parts.stores
    before, alerts = _placeholders(guarded.output.records), stores.stream_events.page(limit=10)
    assert len(before) == 1
    guarded.output.records.clear()
    with guarded.working():
        wait_until(lambda: _placeholders(guarded.output.records))
    assert _placeholders(guarded.output.records) == before
    later = stores.stream_events.page(limit=10)
    assert [one for one in later if one.kind == "FACE_MATCHED"] == [
        one for one in alerts if one.kind == "FACE_MATCHED"
    ]


def _placeholders(records: Sequence[str]) -> set[str]:
    """The ids that stand for enrolled faces in records."""
    responses = [one for text in records for one in json.loads(text)["FaceSearchResponse"]]
    matches = [match for one in responses for match in one["MatchedFaces"]]
    assert all(is_placeholder(match) for match in matches)
    return {match["Face"]["FaceId"] for match in matches}


def test_a_revoked_authorization_ends_the_search(guarded: Guarded) -> None:
    stores, before = guarded.parts.stores, len(guarded.output.records)
    with guarded.working():
        wait_until(lambda: len(guarded.output.records) > before)
        guarded.office.call(
            "revoke_authorization", guarded.anna, AuthorizationId=guarded.leave, Reason="No need any more."
        )
        wait_until(lambda: stores.streams.get("gate").status is StreamStatus.FAILED)
    assert "authorization" in str(stores.streams.get("gate").message)
    assert guarded.broken() == []
