"""What every source of frames does, whatever it reads from."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from tests.video.clips import number_of, numbered, write

from regard.video.reading.files import SharedFile
from regard.video.reading.limits import VideoError, VideoLimits, VideoTooLarge
from regard.video.reading.opening import open_source
from regard.video.reading.piped_video import PipedVideo
from regard.video.reading.source import FrameSource
from regard.video.reading.stored_video import StoredVideo

COUNT, FRAME = 60, 40  # ms
Open = Callable[..., FrameSource]


class Pipes:
    """Binary files that can't be sought, into which threads write; a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Pipes:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def of(self, data: bytes, *, stays_open: bool = False) -> BinaryIO:
        """One from which `data` comes, and then the end, unless it stays open."""
        reading, writing = os.pipe()
        reader, writer = os.fdopen(reading, "rb"), os.fdopen(writing, "wb", buffering=0)

        def feed() -> None:
            try:
                writer.write(data)
            except BrokenPipeError:
                return
            if not stays_open:
                writer.close()

        thread = threading.Thread(target=feed)
        thread.start()
        self._stack.callback(writer.close)
        self._stack.callback(thread.join)
        self._stack.callback(reader.close)
        return reader


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    with Pipes() as pipes:
        yield pipes


SOURCES = {
    "an MP4": (".mp4", {}, False),
    "a Matroska file": (".mkv", {}, False),
    "a transport stream": (".ts", {}, False),
    "an open file": (".mp4", {}, None),
    "a transport stream through a pipe": (".ts", {}, True),
    "Matroska through a pipe": (".mkv", {}, True),
    "fragments of an MP4 through a pipe": (".mp4", {"movflags": "frag_keyframe+empty_moov+delay_moov"}, True),
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path, pipes: Pipes) -> Open:
    """Opens a source of some pictures, by default of numbered ones."""
    suffix, options, is_piped = SOURCES[request.param]

    def make(
        pictures: Iterator[np.ndarray] | None = None, *, limits: VideoLimits | None = None
    ) -> FrameSource:
        path = write(
            tmp_path / f"clip{suffix}",
            pictures if pictures is not None else map(numbered, range(COUNT)),
            options={"g": "12", "bf": "2"},
            container_options=options,
            sound=True,
        )
        if is_piped:
            return PipedVideo.open(pipes.of(path.read_bytes()), limits=limits)
        opened = io.BytesIO(path.read_bytes()) if is_piped is None else path
        return StoredVideo.open(opened, limits=limits)

    return make


def test_frames_come_in_order_with_their_numbers_and_times(source: Open) -> None:
    with source() as video:
        frames = [(one.number, one.timestamp, number_of(one.image.pixels)) for one in video.frames()]
    assert frames == [(n, n * FRAME, n) for n in range(COUNT)]


def test_what_the_video_is_made_of_is_known_before_its_frames_are_read(source: Open) -> None:
    with source() as video:
        facts, (sound,) = video.facts, video.audio
    assert (facts.width, facts.height, facts.frame_rate, facts.codec) == (160, 96, 25.0, "h264")
    assert (sound.codec, sound.sample_rate, sound.channels) == ("aac", 8000, 1)


def test_pictures_are_as_large_as_the_facts_say(source: Open) -> None:
    with source() as video:
        frame = next(video.frames())
        assert frame.image.pixels.shape == (video.facts.height, video.facts.width, 3)
        assert frame.thumbnail.shape[:2] == (58, 96)


def test_how_long_it_is_is_known_once_it_was_read(source: Open) -> None:
    with source() as video:
        if video.duration is not None:
            assert video.duration == pytest.approx(COUNT * FRAME, abs=250)
        for _ in video.frames():
            pass
        assert video.duration == COUNT * FRAME
        assert video.audio[0].duration == pytest.approx(COUNT * FRAME, abs=250)


def test_reading_from_a_time_on_gives_what_reading_from_the_beginning_gives(source: Open) -> None:
    with source() as video:
        part = [(one.number, one.timestamp, number_of(one.image.pixels)) for one in video.frames(start=1_230)]
    assert part == [(n, n * FRAME, n) for n in range(31, COUNT)]


def test_a_source_that_is_seekable_is_read_as_often_as_one_likes_and_another_once(source: Open) -> None:
    with source() as video:
        first = list(video.frames())
        if video.is_seekable:
            assert [one.number for one in video.frames()] == [one.number for one in first]
        else:
            with pytest.raises(ValueError, match="once"):
                next(video.frames())


def test_a_closed_source_has_no_frames(source: Open) -> None:
    video = source()
    frames = video.frames()
    next(frames)
    video.close()
    assert list(frames) == []
    with pytest.raises(ValueError, match=r"closed|once"):
        next(video.frames())


def test_a_reader_that_stops_early_leaves_no_thread(source: Open) -> None:
    with source() as video:
        frames = video.frames()
        next(frames)
        frames.close()  # type: ignore[attr-defined]
        assert not [thread for thread in threading.enumerate() if thread.name == "video-decoder"]


def test_frames_over_the_limit_are_refused(source: Open) -> None:
    with pytest.raises(VideoTooLarge, match="160 × 96"):
        source(limits=VideoLimits(pixels=10_000))


def test_more_bytes_than_the_limit_are_refused(source: Open) -> None:
    with pytest.raises(VideoTooLarge, match="bytes"), source(limits=VideoLimits(size=3_000)) as video:
        list(video.frames())


def test_what_is_longer_than_the_limit_is_refused(source: Open) -> None:
    long = map(numbered, range(25 * 61))
    with pytest.raises(VideoTooLarge, match="longer"), source(long, limits=VideoLimits(minutes=1)) as video:
        list(video.frames())


@pytest.mark.parametrize("data", [b"", b"no video", bytes(5_000)])
@pytest.mark.parametrize("is_piped", [False, True])
def test_what_is_no_video_is_refused(pipes: Pipes, data: bytes, *, is_piped: bool) -> None:
    with pytest.raises(VideoError, match="no video that can be read"):
        open_source(pipes.of(data) if is_piped else io.BytesIO(data))


def test_a_file_is_opened_as_what_it_is(tmp_path: Path, pipes: Pipes) -> None:
    path = write(tmp_path / "clip.ts", map(numbered, range(COUNT)))
    with path.open("rb") as file:
        for opened, seekable in ((path, True), (file, True), (pipes.of(path.read_bytes()), False)):
            with open_source(opened) as video:
                assert video.is_seekable is seekable
                assert sum(1 for _ in video.frames()) == COUNT


def test_an_mp4_whose_index_comes_last_is_refused_with_the_reason(tmp_path: Path, pipes: Pipes) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (30, 360, 640, 3), np.uint8)  # more than is kept
    path = write(tmp_path / "clip.mp4", noise, options={"preset": "ultrafast"})
    with pytest.raises(VideoError, match="index comes last"):
        PipedVideo.open(pipes.of(path.read_bytes()))


def test_closing_ends_a_reader_that_waits_for_a_pipe(tmp_path: Path, pipes: Pipes) -> None:
    path = write(tmp_path / "clip.ts", map(numbered, range(COUNT)), options={"bf": "0"})
    video = PipedVideo.open(pipes.of(path.read_bytes(), stays_open=True))
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.extend(one.number for one in video.frames()))
    reader.start()
    while len(seen) < COUNT // 2:
        time.sleep(0.01)
    video.close()
    reader.join(timeout=10)
    assert not reader.is_alive()


def test_a_file_that_can_not_be_sought_is_no_shared_file(pipes: Pipes) -> None:
    with pytest.raises(VideoError, match="seekable"):
        SharedFile(pipes.of(b"x"))
