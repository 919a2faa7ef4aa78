"""Kinesis Video, by a stand-in that speaks its protocol, read with boto3."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from regard.streams.kinesis_video import KinesisVideo
from regard.video.live.address import SourceAddress
from regard.video.live.failures import FailureCause, Retries, SourceFailed
from regard.video.live.feeds import TimedPicture
from regard.video.live.kinesis_feed import KinesisFeed
from regard.video.live.reader import LiveReader
from regard.video.live.samples import MediaPosition, SourceWord
from tests.video.live.cameras import PRIVATE, Site, answer, film, sample, state
from tests.video.live.media import ARN, MediaServer, parts


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the readers' fork server starts, and for readers that are spawned."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as one:
        yield one


def _reader(endpoint: str | None, resume: MediaPosition | None = None) -> LiveReader:
    return LiveReader(
        SourceAddress.parse(ARN),
        networks=PRIVATE,
        kinesis=KinesisVideo(endpoint),
        resume=resume,
        retries=Retries(lambda: 0.0),
    )


@pytest.mark.parametrize("unknown", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_fragments_are_seen_as_they_come(unknown: bool, site: Site, tmp_path: Path) -> None:
    private, sent = parts(film(tmp_path / "x.mp4", group=25), produced=time.time(), count=40)
    server = MediaServer(site, private, sent, unknown=unknown)
    with _reader(server.endpoint) as live:
        found = [sample(live) for _ in range(6)]
        seen = live.state
        position = live.position
    assert server.asked[0] == {"StartSelectorType": "NOW"}
    assert (seen.word, seen.codec, seen.width) == (SourceWord.PLAYING, "h264", 320)
    numbers = [one.fragment for one in found]
    assert numbers == sorted(numbers, key=int)
    assert len(set(numbers)) >= 2
    by_number = {part.number: part for part in sent}
    for one in found:
        part = by_number[one.fragment]
        assert one.fragment_produced == pytest.approx(part.produced, abs=0.002)
        assert one.fragment_arrived == pytest.approx(part.produced + 0.2, abs=0.002)
        assert 0 <= one.offset <= part.seconds
    assert np.allclose(np.diff([one.at for one in found]), 250, atol=45)
    assert position == MediaPosition(fragment=str(int(numbers[-1]) - 1), maximum_behind=10.0)


@pytest.mark.slow
def test_a_connection_that_ends_is_followed_by_another_from_where_it_was(site: Site, tmp_path: Path) -> None:
    private, sent = parts(film(tmp_path / "x.mp4", group=25), produced=time.time(), count=60)
    server = MediaServer(site, private, sent, limit=3)
    with _reader(server.endpoint) as live:
        found = [sample(live) for _ in range(22)]
    assert [one["StartSelectorType"] for one in server.asked[:2]] == ["NOW", "FRAGMENT_NUMBER"]
    produced = [one.produced for one in found]
    assert produced == sorted(produced)
    assert max(np.diff(produced)) < 1.0
    assert any(one.gap for one in found)


def test_a_label_session_reads_all_from_its_start_on(site: Site, tmp_path: Path) -> None:
    """Though it was an hour ago, and comes as fast as it can be sent."""
    hour_ago = float(int(time.time()) - 3600)  # fragments tell milliseconds
    private, sent = parts(film(tmp_path / "x.mp4", group=25), produced=hour_ago, count=15)
    server = MediaServer(site, private, sent, paced=False)
    with _reader(server.endpoint, MediaPosition(produced=hour_ago + 2)) as live:
        found = [sample(live)]
        time.sleep(0.5)  # a worker that is slow
        found += [sample(live) for _ in range(40)]
    assert server.asked[0]["StartSelectorType"] == "PRODUCER_TIMESTAMP"
    assert found[0].produced == pytest.approx(hour_ago + 2, abs=0.05)
    assert np.allclose(np.diff([one.produced for one in found]), 0.25, atol=0.05)
    assert np.allclose(np.diff([one.at for one in found]), 250, atol=45)


def _picture(endpoint: str, resume: MediaPosition | None = None) -> TimedPicture:
    """The first that a connection gives, without a process for it."""
    return next(KinesisFeed(KinesisVideo(endpoint), ARN, resume).pictures(lambda: None))


def test_a_face_search_that_is_far_behind_begins_with_now(site: Site, tmp_path: Path) -> None:
    private, sent = parts(film(tmp_path / "x.mp4", group=25), produced=time.time() - 30, count=80)
    server = MediaServer(site, private, sent)
    found = _picture(server.endpoint, MediaPosition(fragment=sent[2].number, maximum_behind=10))
    assert [one["StartSelectorType"] for one in server.asked] == ["FRAGMENT_NUMBER", "NOW"]
    assert found.stamp.media is not None
    assert time.time() - found.stamp.media < 10


def test_a_fragment_that_is_there_no_more_is_no_end(site: Site, tmp_path: Path) -> None:
    private, sent = parts(film(tmp_path / "x.mp4", group=25), produced=time.time(), count=40)
    server = MediaServer(site, private, sent, error="4000")
    _picture(server.endpoint, MediaPosition(fragment="7"))
    assert [one["StartSelectorType"] for one in server.asked] == ["FRAGMENT_NUMBER", "NOW"]


def test_an_error_of_the_stream_is_told_and_tried_again(site: Site, tmp_path: Path) -> None:
    private, sent = parts(film(tmp_path / "x.mp4", group=25), produced=time.time(), count=40)
    server = MediaServer(site, private, sent, error="4501")
    with pytest.raises(SourceFailed, match=r"Kinesis Video ended with error 4501\.") as failed:
        _picture(server.endpoint)
    assert failed.value.cause is FailureCause.LOST


def test_a_stream_to_which_nothing_is_sent_is_told(site: Site) -> None:
    with pytest.raises(SourceFailed, match="Nothing is sent to the stream"):
        _picture(MediaServer(site, b"", []).endpoint)


@pytest.mark.parametrize(
    ("code", "why", "cause"),
    [
        (
            "ResourceNotFoundException",
            "Stream door under account 123456789012 not found.",
            FailureCause.FINAL,
        ),
        ("NotAuthorizedException", "Access denied to Kinesis Video", FailureCause.FINAL),
        (
            "ClientLimitExceededException",
            "Kinesis Video answered ClientLimitExceededException.",
            FailureCause.LOST,
        ),
    ],
)
def test_what_kinesis_refuses_is_told_in_its_words(
    code: str, why: str, cause: FailureCause, site: Site
) -> None:
    body = json.dumps({"Message": "no"}).encode()
    site.posts["/getDataEndpoint"] = lambda request, _: answer(
        request, 400, body, "application/json", x_amzn_ErrorType=code
    )
    with pytest.raises(SourceFailed) as failed:
        _picture(f"http://127.0.0.1:{site.port}")
    assert (failed.value.why, failed.value.cause) == (why, cause)


def test_without_an_endpoint_the_setting_is_named() -> None:
    with _reader(None) as live:
        seen = state(live, lambda one: one.is_final)
    assert seen.why == "This server has no Kinesis Video; set REGARD_KINESIS_VIDEO_ENDPOINT."
