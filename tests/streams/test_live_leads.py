"""Under a strict purpose live video names whom people have judged a lead: in that sighting, on that case."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regard.app import Parts, build
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.streams.leases import StreamLease, StreamLeases
from regard.streams.steps import StreamStep
from regard.video.live.samples import LiveSample
from tests.conftest import PICTURES
from tests.reviewing import ReviewOffice
from tests.streams.cameras import staying_samples, walking_samples

ROLE = "arn:aws:iam::123456789012:role/r"
DATA = "arn:aws:kinesis:us-east-1:123456789012:stream/records"


@dataclass
class Gateway:
    """A camera that is searched for a case, run step by step, and whom it has alerted of."""

    office: ReviewOffice
    parts: Parts
    leases: StreamLeases
    lease: StreamLease

    def keep(self, step: StreamStep) -> list[Any]:
        return [
            self.parts.stores.stream_events.commit(
                self.leases, self.lease, one.event, one.notices,
                within=one.within, kept=one.kept, settle=one.settle,
            )
            for one in step.raised
        ]  # fmt: skip

    def events(self, case: str) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.office.call(
            "list_stream_events", self.office.ines, case, Name="gateway"
        )["Events"]
        return told


@pytest.fixture
def gateway(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    settings = Settings.load(
        {}, data=tmp_path_factory.mktemp("leads") / "data", kinesis_endpoint="http://127.0.0.1:9"
    )
    parts = build(settings)
    office = ReviewOffice(parts)
    office.gallery(PICTURES / "astronaut.jpg")
    office.person("paula", "privacy")
    office.call(
        "create_stream_processor",
        office.ines,
        Name="gateway",
        RoleArn=ROLE,
        Input={"KinesisVideoStream": {"Arn": "rtsp://10.0.0.7/1"}},
        Output={"KinesisDataStream": {"Arn": DATA}},
        Settings={"FaceSearch": {"CollectionId": "wanted"}},
    )
    office.call(
        "put_camera_notice",
        office.verified(office.name("paula"), office.key("paula", "privacy")),
        CameraId="gateway",
        Language="en",
        Text="Faces are searched here.",
        Covers=["FACE_SEARCH"],
        PostedAt=datetime.now(UTC) - timedelta(hours=1),
    )
    asked = office.call(
        "request_authorization", office.ines, CaseId=office.case_id, Basis="warrant",
        CollectionId="wanted", Cameras=["gateway"],
    )  # fmt: skip
    office.call(
        "approve_authorization", office.approver(), AuthorizationId=asked["AuthorizationId"],
        Issuer="District Court", Number="22 Gs 17/26", Digest="ab" * 32,
        Issued=datetime.now(UTC) - timedelta(days=1),
    )  # fmt: skip
    office.call("start_stream_processor", office.ines, office.case_id, Name="gateway")
    leases = StreamLeases(parts.database, seconds=600)
    [lease] = leases.take("w", 1)
    yield Gateway(office, parts, leases, lease)
    parts.close()


def named(step: StreamStep) -> set[str]:
    """The external ids that the records of a step name."""
    responses = [one for text in step.records for one in json.loads(text)["FaceSearchResponse"]]
    return {match["Face"]["ExternalImageId"] for one in responses for match in one["MatchedFaces"]}


def standing() -> Iterator[LiveSample]:
    """Somebody who comes, and stays."""
    return itertools.chain(walking_samples(8), staying_samples(400, begin=3000))


def test_a_lead_is_named_in_the_records_that_follow_and_on_its_case(gateway: Gateway) -> None:
    office, samples = gateway.office, standing()
    running = gateway.parts.gate.begin(gateway.lease.processor)
    step = running.take(next(samples))
    while not step.raised:
        step = running.take(next(samples))
    gateway.keep(step)
    assert all(one.startswith("PENDING_REVIEW") for one in named(running.take(next(samples))))
    [waiting] = gateway.events(office.case_id)
    assert (waiting["ReviewStatus"], "MatchedFaces" in waiting) == ("PENDING", False)

    office.rate("rita", 3)
    office.rate("rolf", 2)
    [told] = gateway.events(office.case_id)
    assert told["ReviewStatus"] == "DECIDED"
    assert [one["ExternalImageId"] for one in told["MatchedFaces"]] == ["0-astronaut"]
    other = office.case(office.ines, Purpose="law-enforcement")
    [elsewhere] = gateway.events(other)
    assert "MatchedFaces" not in elsewhere
    while named(step) != {"0-astronaut"}:  # the reviews are asked about once a second
        step = running.take(next(samples))
    running.end()
