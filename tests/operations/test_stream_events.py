"""What streams saw is told to those who may know it: under a strict purpose nobody is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.porch import Porch, matched

from regard.app import build
from regard.errors import AccessDeniedException, InvalidPaginationTokenException, ResourceNotFoundException
from regard.operations.reviewing.sightings import REVIEW
from regard.settings import Settings
from regard.streams.forgetting import forget_faces
from regard.streams.records import StreamStatus


@pytest.fixture
def porch(tmp_path: Path) -> Iterator[Porch]:
    settings = Settings.load({}, data=tmp_path / "data", kinesis_endpoint="http://127.0.0.1:9")
    parts = build(settings, has_models=False)
    yield Porch(parts)
    parts.close()


def test_an_event_says_whom_a_face_resembles_and_shows_it(porch: Porch) -> None:
    event = porch.saw()
    [told] = porch.events()
    assert told["MatchedFaces"] == [
        {"FaceId": "f-1", "Similarity": 99.6, "ExternalImageId": "eve", "UserId": "u-1"},
        {"FaceId": "f-2", "Similarity": 91.0, "ExternalImageId": "eva"},
    ]
    assert told["BoundingBox"] == {"Left": 0.0, "Top": 0.2, "Width": 0.1, "Height": 0.2}
    assert (told["EventId"], told["Kind"], told["Pictures"]) == (
        event.event_id, "FACE_MATCHED", ["crop", "frame"],
    )  # fmt: skip
    assert (porch.picture(event), porch.picture(event, "frame")) == (b"a face", b"a street")


def test_who_saw_a_picture_is_in_the_log(porch: Porch) -> None:
    event = porch.saw()
    porch.picture(event)
    newest = list(porch.parts.audit.export())[-1]
    assert (newest["operation"], newest["stream"], newest["facts"]["EventId"]) == (
        "GetStreamEventPicture", "porch", event.event_id,
    )  # fmt: skip


def test_under_a_strict_purpose_an_event_names_and_shows_nobody(porch: Porch) -> None:
    event = porch.saw(purpose="law-enforcement", **{REVIEW: "R-2026-000001"})
    [told] = porch.events()
    assert "MatchedFaces" not in told
    assert (told["Pictures"], told["ReviewId"]) == ([], "R-2026-000001")
    assert "eve" not in str(told)
    with pytest.raises(AccessDeniedException, match="whoever judges the person"):
        porch.picture(event)
    arn = "arn:aws:rekognition:us-east-1:000000000000:collection/staff"
    porch.office.call("tag_resource", ResourceArn=arn, Tags={"regard:purpose": "law-enforcement"})
    with pytest.raises(AccessDeniedException, match="call with a person's key"):
        porch.events()


def test_below_the_floor_of_a_purpose_no_match_is_shown(porch: Porch) -> None:
    porch.saw()
    arn = "arn:aws:rekognition:us-east-1:000000000000:collection/staff"
    porch.office.call("tag_resource", ResourceArn=arn, Tags={"regard:purpose": "access-control"})
    assert [one["FaceId"] for one in porch.events()[0]["MatchedFaces"]] == ["f-1"]


def test_events_are_paged_and_chosen_by_kind(porch: Porch) -> None:
    rows = [porch.saw(f"face/{n}").event_id for n in range(3)]
    first = porch.office.call("list_stream_events", Name="porch", MaxResults=2)
    assert [one["EventId"] for one in first["Events"]] == rows[:0:-1]
    assert [one["EventId"] for one in porch.events(NextToken=first["NextToken"])] == rows[:1]
    assert porch.events(Kind="SOURCE_LOST") == []
    with pytest.raises(InvalidPaginationTokenException):
        porch.events(Kind="SOURCE_LOST", NextToken=first["NextToken"])


def test_a_face_that_is_erased_goes_from_what_a_stream_saw(porch: Porch) -> None:
    about_it = porch.saw("face/f-1")
    beside_it = porch.saw("user/u-9", MatchedFaces=matched()["MatchedFaces"][::-1])
    with porch.parts.database.write() as connection:
        forget_faces(connection, "staff", ["f-1"])
    [left] = porch.events()
    assert left["EventId"] == beside_it.event_id
    assert [one["FaceId"] for one in left["MatchedFaces"]] == ["f-2"]
    with pytest.raises(ResourceNotFoundException):
        porch.picture(about_it)
    assert porch.saw("face/f-1").event_id  # that they were seen is forgotten, too


def test_with_a_collection_goes_whom_a_stream_saw(porch: Porch) -> None:
    porch.saw()
    porch.office.call("delete_collection", CollectionId="staff")
    assert porch.events() == []


def test_events_outlive_their_processor(porch: Porch) -> None:
    event = porch.saw()
    porch.leases.end(porch.lease, StreamStatus.STOPPED)
    porch.office.call("delete_stream_processor", Name="porch")
    assert [one["EventId"] for one in porch.events()] == [event.event_id]
    with pytest.raises(ResourceNotFoundException):
        porch.office.call("list_stream_events", Name="nowhere")
    with pytest.raises(ResourceNotFoundException):
        porch.picture(event, name="nowhere")


def test_a_stream_is_told_with_its_camera_and_its_source_s_state_and_no_password(porch: Porch) -> None:
    state = {"word": "PLAYING", "codec": "h264", "width": 1280, "height": 720, "frames": 25.0, "rate": 4.0}
    state |= {"last_picture": 1_796_000_000.5, "why": None, "next_try": None}
    porch.leases.show(porch.lease, StreamStatus.RUNNING, "h264", state)
    told = porch.office.call("get_stream", Name="porch")["Stream"]
    assert (told["CameraId"], told["Place"], told["Rate"]) == ("porch", "The porch", 4.0)
    assert (told["Status"], told["StatusMessage"], told["MatchThreshold"]) == ("RUNNING", "h264", 80.0)
    source = told["SourceState"]
    assert (source["State"], source["Codec"], source["SamplesPerSecond"]) == ("PLAYING", "h264", 4.0)
    assert source["LastPicture"].timestamp() == 1_796_000_000.5
    assert "hunter2" not in str(told)
    assert porch.office.call("list_streams")["Streams"] == [told]
