"""Frames of stored videos: every one, upright, with the same number and time wherever reading begins."""

from __future__ import annotations

import gc
import io
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.video.reading.limits import VideoError
from regard.video.reading.stored_video import StoredVideo
from tests.video.clips import number_of, numbered, write


def decoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "video-decoder"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 numbered frames at 25 a second, B-frames, a key picture every 12."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return write(path, map(numbered, range(80)), options={"g": "12", "bf": "3"}, sound=True)


def test_every_frame_comes_in_order_with_its_number_and_time(clip: Path) -> None:
    with StoredVideo.open(clip) as video:
        frames = [(frame.number, frame.timestamp, number_of(frame.image.pixels)) for frame in video.frames()]
    assert frames == [(number, number * 40, number) for number in range(80)]


def test_facts_say_what_is_in_the_file(clip: Path) -> None:
    with StoredVideo.open(clip) as video:
        assert (video.facts.codec, video.facts.container) == ("h264", "QuickTime / MOV")
        assert (video.duration, video.facts.frame_rate) == (3200, 25.0)
        assert (video.facts.width, video.facts.height, video.facts.colour_range) == (160, 96, "LIMITED")
        (audio,) = video.audio
        assert (audio.codec, audio.sample_rate, audio.channels) == ("aac", 8000, 1)
        assert audio.duration == pytest.approx(3200, abs=200)


def test_a_seekable_file_is_read_like_a_path_and_stays_open(clip: Path) -> None:
    source = io.BytesIO(clip.read_bytes())
    with StoredVideo.open(source) as video:
        assert sum(1 for _ in video.frames()) == 80
    assert not source.closed


def test_a_pipe_is_refused() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(VideoError, match="seekable"):
        StoredVideo.open(Pipe(b"x"))


@pytest.mark.parametrize("name", ["clip.mov", "clip.mkv", "clip.avi", "clip.ts", "clip.webm"])
def test_each_container_is_read_from_the_middle_as_from_the_beginning(tmp_path: Path, name: str) -> None:
    codec = "libvpx-vp9" if name.endswith("webm") else "libx264"
    path = write(tmp_path / name, map(numbered, range(60)), codec=codec, options={"g": "10"})
    with StoredVideo.open(path) as video:
        whole = [(frame.number, frame.timestamp) for frame in video.frames()]
        assert [number for number, _ in whole] == list(range(60))
        for start in (1, 400, 410, 1999):
            part = [(f.number, f.timestamp, number_of(f.image.pixels)) for f in video.frames(start=start)]
            assert part == [(n, t, n) for n, t in whole if t >= start]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_reading_from_anywhere_gives_what_reading_from_the_beginning_gives(
    tmp_path: Path, data: st.DataObject
) -> None:
    count = data.draw(st.integers(2, 70), label="frames")
    gaps = data.draw(st.lists(st.integers(1, 90), min_size=count - 1, max_size=count - 1), label="gaps, ms")
    first = data.draw(st.sampled_from([0, 0, 37, 5000]), label="first timestamp, ms")
    options = {
        "g": str(data.draw(st.integers(1, 40), label="key pictures")),
        "bf": str(data.draw(st.integers(0, 4), label="B-frames")),
        "x264-params": f"open-gop={data.draw(st.integers(0, 1), label='open GOP')}:b-pyramid=normal",
    }
    ticks = np.cumsum([first, *gaps]).tolist()
    name = data.draw(st.sampled_from(["clip.mp4", "clip.mkv"]), label="file")
    path = write(
        tmp_path / name, map(numbered, range(count)), options=options, ticks=ticks, unit=Fraction(1, 1000)
    )
    with StoredVideo.open(path) as video:
        whole = [(f.number, f.timestamp, number_of(f.image.pixels)) for f in video.frames()]
        assert [(number, shown) for number, _, shown in whole] == [(n, n) for n in range(count)]
        assert [at for _, at, _ in whole] == pytest.approx([tick - first for tick in ticks], abs=1)
        start = data.draw(st.integers(0, ticks[-1] - first + 50), label="start")
        part = [(f.number, f.timestamp, number_of(f.image.pixels)) for f in video.frames(start=start)]
        assert part == [frame for frame in whole if frame[1] >= start]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_frames_are_turned_as_players_turn_them(tmp_path: Path, rotation: int, mirrored: bool) -> None:
    stored = np.zeros((64, 96, 3), np.uint8)
    stored[:32, :48] = 255, 0, 0  # a red corner at the top left, green below, blue beside
    stored[32:, :48] = 0, 255, 0
    stored[:32, 48:] = 0, 0, 255
    path = write(tmp_path / "turned.mp4", [stored] * 3, rotation=rotation, mirrored=mirrored)
    with StoredVideo.open(path) as video:
        frame = next(iter(video.frames()))
        pixels = frame.image.pixels
        turned = np.rot90(stored, rotation // 90)
        expected = np.fliplr(turned) if mirrored else turned
        assert (video.facts.width, video.facts.height) == (expected.shape[1], expected.shape[0])
        assert np.abs(pixels.astype(int) - expected).mean() < 12
        small = frame.thumbnail
        assert np.abs(small.astype(int) - expected).mean() < 16


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    path = write(tmp_path / "wide.mp4", map(numbered, range(3)), aspect=Fraction(16, 11))
    with StoredVideo.open(path) as video:
        frame = next(iter(video.frames()))
        assert (video.facts.width, video.facts.height) == (233, 96)
        assert frame.image.pixels.shape == (96, 233, 3)


def test_full_and_limited_range_show_the_same_colours(tmp_path: Path) -> None:
    picture = np.full((64, 64, 3), (200, 60, 30), np.uint8)
    for full in (False, True):
        pixels = "yuvj420p" if full else "yuv420p"
        path = write(tmp_path / f"{full}.mp4", [picture] * 2, full_range=full, pixels=pixels)
        with StoredVideo.open(path) as video:
            assert video.facts.colour_range == ("FULL" if full else "LIMITED")
            shown = next(iter(video.frames())).image.pixels
            assert np.abs(shown.reshape(-1, 3).mean(0) - (200, 60, 30)).max() < 6


@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p", "yuv420p10le", "yuv444p", "gray"])
def test_how_much_of_a_frame_is_black_is_told_in_every_pixel_format(tmp_path: Path, pixels: str) -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, 48:] = 200
    picture[:32, :48] = 40  # black to a threshold of 0.2, not to one of 0.1
    path = write(tmp_path / "dark.mp4", [picture] * 2, pixels=pixels, full_range=pixels == "yuvj420p")
    with StoredVideo.open(path) as video:
        frame = next(iter(video.frames()))
        assert frame.black(0.2) == pytest.approx(0.75, abs=0.03)
        assert frame.black(0.1) == pytest.approx(0.375, abs=0.03)


def test_an_image_is_converted_once(clip: Path) -> None:
    with StoredVideo.open(clip) as video:
        frame = next(iter(video.frames()))
        assert frame.image is frame.image
        assert frame.thumbnail is frame.thumbnail


def test_a_video_without_timestamps_is_timed_by_its_frame_rate(tmp_path: Path) -> None:
    path = write(
        tmp_path / "bare.h264", map(numbered, range(30)), options={"bf": "2", "g": "10"}, form="h264"
    )
    with StoredVideo.open(path) as video:
        frames = [(f.number, f.timestamp, number_of(f.image.pixels)) for f in video.frames()]
        assert frames == [(n, n * 40, n) for n in range(30)]
        assert [(f.number, f.timestamp) for f in video.frames(start=600)] == [
            (n, n * 40) for n in range(15, 30)
        ]
        assert video.duration == 1200


@pytest.mark.parametrize("kept", [0.35, 0.6, 0.9])
def test_of_a_truncated_file_what_can_be_decoded_is_given(tmp_path: Path, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 40, (80, 96, 160, 3), np.uint8)  # for frames of some bytes
    whole = write(
        tmp_path / "whole.mp4",
        (numbered(n) // 2 + noise[n] for n in range(80)),
        options={"g": "10"},
        container_options={"movflags": "faststart"},
    ).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: int(kept * len(whole))])
    with StoredVideo.open(tmp_path / "cut.mp4") as video:
        frames = list(video.frames())
    assert 0 < len(frames) < 80
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    complete = frames[:-4]  # the cut goes through one of the last in decoding order
    assert [number_of(frame.image.pixels) for frame in complete] == [f.number for f in complete]


def test_damage_in_the_middle_costs_frames_but_moves_no_others(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", map(numbered, range(80)), options={"g": "10", "bf": "0"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    (tmp_path / "damaged.mp4").write_bytes(data)
    with StoredVideo.open(tmp_path / "damaged.mp4") as video:
        whole = [(frame.number, frame.timestamp) for frame in video.frames()]
        late = [
            (frame.number, frame.timestamp, number_of(frame.image.pixels))
            for frame in video.frames(start=2800)
        ]
    assert all(at == number * 40 for number, at in whole)
    assert late == [(n, n * 40, n) for n in range(70, 80)]


def test_frames_can_be_read_by_several_readers_at_once(clip: Path) -> None:
    with StoredVideo.open(io.BytesIO(clip.read_bytes())) as video:
        pairs = list(zip(video.frames(), video.frames(start=800), strict=False))
        assert [(a.number, b.number) for a, b in pairs] == [(n, n + 20) for n in range(60)]


def test_the_decoder_waits_for_a_slow_reader(tmp_path: Path) -> None:
    class Counting(io.BytesIO):
        total = 0

        def read(self, count: int | None = -1, /) -> bytes:
            data = super().read(count)
            self.total += len(data)
            return data

    random = np.random.default_rng(0)
    noise = (random.integers(0, 255, (360, 640, 3), np.uint8) for _ in range(90))
    data = write(tmp_path / "noise.mp4", noise, options={"preset": "ultrafast"}).read_bytes()
    source = Counting(data)
    with StoredVideo.open(source) as video:
        frames = iter(video.frames())
        next(frames)
        before = -1
        while source.total != before:  # until the decoder stands still
            before = source.total
            time.sleep(0.3)
        assert source.total < 0.8 * len(data)
        assert sum(1 for _ in frames) == 89


def test_the_decoder_ends_when_its_reader_stops_early(clip: Path) -> None:
    with StoredVideo.open(clip) as video:
        frames = video.frames()
        next(frames)
        assert len(decoders()) == 1
        frames.close()
        assert not decoders()


def test_the_decoder_ends_when_its_reader_is_forgotten(clip: Path) -> None:
    with StoredVideo.open(clip) as video:
        next(video.frames())
        gc.collect()
        assert not decoders()


def test_closing_a_video_ends_its_decoders_and_their_readers(clip: Path) -> None:
    video = StoredVideo.open(clip)
    frames = video.frames()
    next(frames)
    video.close()
    assert not decoders()
    assert list(frames) == []
    with pytest.raises(ValueError, match="closed"):
        next(video.frames())


def test_an_error_of_the_source_reaches_the_reader(clip: Path) -> None:
    class Failing(io.BytesIO):
        failing = False

        def read(self, count: int | None = -1, /) -> bytes:
            if self.failing:
                raise ConnectionResetError("the bucket went away")
            return super().read(count)

    source = Failing(clip.read_bytes())
    with StoredVideo.open(source) as video:
        source.failing = True
        with pytest.raises(ConnectionResetError, match="the bucket went away"):
            list(video.frames())
    with pytest.raises(ConnectionResetError, match="the bucket went away"):
        StoredVideo.open(source)
