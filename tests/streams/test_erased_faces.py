"""A face that is erased between its search and what is told of it is not told, by no record and no alert."""

from __future__ import annotations

import json
from collections.abc import Sequence

from regard.operations.streams.enrolled_sink import EnrolledSink
from regard.storage.schema import stream_events, stream_notices, stream_sightings
from regard.streams.steps import StreamStep
from tests.conftest import PICTURES
from tests.responsible import Office
from tests.streams.cameras import walking_samples
from tests.streams.conftest import Lobby


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
