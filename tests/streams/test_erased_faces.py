"""A face that is erased between its search and what is told of it is not told, by no record and no alert."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from regard.app import Parts, build
from regard.operations.streams.enrolled_sink import EnrolledSink
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.schema import stream_events, stream_notices, stream_sightings
from regard.streams.leases import StreamLease, StreamLeases
from regard.streams.records import StreamStatus
from regard.streams.steps import Raised, StreamStep
from tests.conftest import PICTURES
from tests.responsible import Office
from tests.streams.cameras import walking_samples

ROLE = "arn:aws:iam::123456789012:role/r"
DATA = "arn:aws:kinesis:us-east-1:123456789012:stream/records"


@dataclass
class Lobby:
    """A camera that somebody enrolled walks by, run step by step."""

    parts: Parts
    leases: StreamLeases
    lease: StreamLease

    def keep(self, raised: Raised) -> Any:
        return self.parts.stores.stream_events.commit(
            self.leases, self.lease, raised.event, raised.notices, within=raised.within, settle=raised.settle
        )

    def rows(self, table: Table) -> int:
        with self.parts.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.fixture(scope="module")
def parts(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    settings = Settings.load(
        {},
        data=tmp_path_factory.mktemp("lobby") / "data",
        kinesis_endpoint="http://127.0.0.1:9",
        webhooks="private",
        webhook_secret="w" * 20,
    )
    parts = build(settings)
    yield parts
    parts.close()


@pytest.fixture
def lobby(parts: Parts) -> Iterator[Lobby]:
    office = Office(parts)
    office.call("create_collection", CollectionId="staff")
    picture = (PICTURES / "astronaut.jpg").read_bytes()
    office.call("index_faces", CollectionId="staff", ExternalImageId="eileen", Image={"Bytes": picture})
    office.call(
        "create_stream_processor",
        Name="lobby",
        RoleArn=ROLE,
        Input={"KinesisVideoStream": {"Arn": "rtsp://10.0.0.7/1"}},
        Output={"KinesisDataStream": {"Arn": DATA}},
        Settings={"FaceSearch": {"CollectionId": "staff"}},
        NotificationChannel={"SNSTopicArn": "http://127.0.0.1:9/hook"},
    )
    office.call("start_stream_processor", Name="lobby")
    leases = StreamLeases(parts.database, seconds=600)
    [lease] = leases.take("w", 1)
    yield Lobby(parts, leases, lease)
    leases.end(lease, StreamStatus.STOPPED)
    office.call("delete_stream_processor", Name="lobby")
    office.call("delete_collection", CollectionId="staff")


class Kept:
    """A place that takes records."""

    def __init__(self) -> None:
        self.records: list[str] = []

    def put(self, records: Sequence[str]) -> Sequence[str]:
        self.records += records
        return records[1:]

    def close(self) -> None: ...


def named(step: StreamStep) -> list[str]:
    """The external ids that the records of a step name."""
    responses = [one for text in step.records for one in json.loads(text)["FaceSearchResponse"]]
    return [match["Face"]["ExternalImageId"] for one in responses for match in one["MatchedFaces"]]


def test_what_is_erased_after_its_search_is_told_by_nobody(lobby: Lobby) -> None:
    running = lobby.parts.gate.begin(lobby.lease.processor)
    samples = iter(walking_samples(8))
    step = running.take(next(samples))
    while not step.raised:
        step = running.take(next(samples))
    assert named(step) == ["eileen"]
    office = Office(lobby.parts)
    [face] = office.call("list_faces", CollectionId="staff")["Faces"]
    waiting, place = [*step.records, json.dumps({"FaceSearchResponse": []})], Kept()
    sink = EnrolledSink(place, lobby.parts.database, "staff")
    assert list(sink.put(waiting)) == waiting[1:]
    assert place.records == waiting
    office.call("delete_faces", CollectionId="staff", FaceIds=[face["FaceId"]])

    assert [lobby.keep(one) for one in step.raised] == [None]
    for table in (stream_events, stream_notices, stream_sightings):
        assert lobby.rows(table) == 0
    place.records.clear()
    assert list(sink.put(waiting)) == waiting[1:]  # as they were given, to be put again
    assert face["FaceId"] not in "".join(place.records)
    assert json.loads(place.records[0])["FaceSearchResponse"][0]["MatchedFaces"] == []
    later = running.take(next(samples))
    assert named(later) == []
    assert later.raised == []
    running.end()


def test_who_is_enrolled_again_is_alerted_of_at_once(lobby: Lobby) -> None:
    """That there was no alert of the erased face silences none of the new one."""
    running = lobby.parts.gate.begin(lobby.lease.processor)
    samples = iter(walking_samples(20))
    step = running.take(next(samples))
    while not step.raised:
        step = running.take(next(samples))
    office = Office(lobby.parts)
    [face] = office.call("list_faces", CollectionId="staff")["Faces"]
    office.call("delete_faces", CollectionId="staff", FaceIds=[face["FaceId"]])
    assert [lobby.keep(one) for one in step.raised] == [None]
    picture = (PICTURES / "astronaut.jpg").read_bytes()
    office.call("index_faces", CollectionId="staff", ExternalImageId="again", Image={"Bytes": picture})
    step = running.take(next(samples))
    while not step.raised:
        step = running.take(next(samples))
    [kept] = [lobby.keep(one) for one in step.raised]
    assert kept.body["MatchedFaces"][0]["Face"]["ExternalImageId"] == "again"
    assert lobby.rows(stream_notices) == 1
    running.end()
