"""Shots: where they end, that they cover the video, how sure they are, and that detection can be resumed."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from regard.errors import InternalServerError
from regard.video.reading.frame import Frame
from regard.video.reading.stored_video import StoredVideo
from regard.video.segments.likeness import GREY_HEIGHT, GREY_WIDTH
from regard.video.segments.shots import Shot, ShotDetector
from regard.video.segments.stretch import BATCH, KEPT, FramePlace, Stretch
from tests.video.clips import write
from tests.video.drawn import Picture, dissolved, faded, scene, shot


def detected(path: Path) -> list[Shot]:
    with StoredVideo.open(path) as video:
        detector = ShotDetector(video.facts.frame_rate)
        shots = [shot for frame in video.frames() for shot in detector.add(frame)]
        return shots + detector.finish()


def begins(tmp_path: Path, pictures: Sequence[Picture], rate: int = 25) -> list[int]:
    shots = detected(write(tmp_path / "clip.mp4", pictures, rate=rate))
    return [shot.first_frame for shot in shots[1:]]


def test_cuts_are_found_to_the_frame(tmp_path: Path) -> None:
    pictures = [*shot(1, 40, step=(1, 0)), *shot(2, 25), *shot(3, 60, zoom=1.003)]
    assert begins(tmp_path, pictures) == [40, 65]


@pytest.mark.parametrize("rate", [12, 30, 50, 60])
def test_cuts_are_found_to_the_frame_at_every_frame_rate(tmp_path: Path, rate: int) -> None:
    pictures = [*shot(1, 2 * rate + 1), *shot(2, rate), *shot(3, 2 * rate)]
    assert begins(tmp_path, pictures, rate) == [2 * rate + 1, 3 * rate + 1]


@pytest.mark.parametrize("length", [8, 16, 30, 45])
def test_a_dissolve_is_one_boundary_near_its_middle(tmp_path: Path, length: int) -> None:
    pictures = dissolved(shot(1, 90, step=(0.5, 0)), shot(2, 90), length)
    (at,) = begins(tmp_path, pictures)
    assert abs(at - (90 - length / 2)) <= max(3, 0.25 * length)


@pytest.mark.parametrize(("length", "dark"), [(8, 0), (12, 6), (20, 12)])
def test_a_fade_through_black_is_one_boundary(tmp_path: Path, length: int, dark: int) -> None:
    pictures = faded(shot(1, 80), shot(2, 80, step=(0, 0.4)), length, dark)
    (at,) = begins(tmp_path, pictures)
    assert abs(at - (80 + dark / 2)) <= 4


def test_a_second_of_black_is_a_shot_of_its_own(tmp_path: Path) -> None:
    black = [np.zeros_like(shot(1, 1)[0])] * 60
    assert begins(tmp_path, [*shot(1, 60), *black, *shot(2, 60)]) == [60, 120]


def test_flashes_part_no_shots(tmp_path: Path) -> None:
    pictures = shot(1, 120, step=(0.4, 0.2))
    for at in (30, 31, 70, 71, 72):
        pictures[at] = np.minimum(pictures[at].astype(int) + 170, 255).astype(np.uint8)
    assert begins(tmp_path, pictures) == []


@pytest.mark.parametrize("step", [(2.0, 0.0), (5.0, 1.0), (-12.0, 0.0)])
def test_pans_part_no_shots(tmp_path: Path, step: tuple[float, float]) -> None:
    assert begins(tmp_path, shot(4, 100, step=step)) == []


def test_a_zoom_parts_no_shots(tmp_path: Path) -> None:
    assert begins(tmp_path, shot(5, 100, zoom=1.012)) == []


def test_something_that_crosses_the_picture_parts_no_shots(tmp_path: Path) -> None:
    pictures = [picture.copy() for picture in shot(6, 90)]
    piece = scene(7)[:120, :100]
    for at, picture in enumerate(pictures):
        left = min(6 * at - 100, 320)
        begin, end = max(left, 0), min(left + 100, 320)
        picture[30:150, begin:end] = piece[:, begin - left : end - left]
    assert begins(tmp_path, pictures) == []


def test_one_colour_that_grows_lighter_and_darker_parts_no_shots(tmp_path: Path) -> None:
    levels = [*range(0, 250, 6), *range(250, 0, -6)]
    pictures = [np.full((180, 320, 3), level, np.uint8) for level in levels]
    assert begins(tmp_path, pictures) == []


def test_shots_cover_the_video_without_a_gap(tmp_path: Path) -> None:
    pictures = [*shot(1, 30), *dissolved(shot(2, 60), shot(3, 60), 14), *shot(4, 20)]
    shots = detected(write(tmp_path / "clip.mp4", pictures))
    assert shots[0].first_frame == 0
    assert shots[-1].last_frame == len(pictures) - 1
    for number, (one, other) in enumerate(pairwise(shots)):
        assert one.index == number
        assert other.first_frame == one.last_frame + 1
    assert all((s.start, s.end) == (40 * s.first_frame, 40 * s.last_frame) for s in shots)


def test_a_cut_that_is_plain_to_see_is_surer_than_one_that_is_not(tmp_path: Path) -> None:
    plain = detected(write(tmp_path / "plain.mp4", [*shot(1, 50), *shot(2, 50)]))
    similar = [
        np.clip(picture.astype(int) + 25, 0, 255).astype(np.uint8) for picture in shot(1, 50, zoom=1.0)
    ]
    moved = [np.roll(picture, 60, axis=1) for picture in similar]
    unclear = detected(write(tmp_path / "unclear.mp4", [*shot(1, 50), *moved]))
    assert plain[0].confidence > 97
    assert min(shot.confidence for shot in unclear) < plain[0].confidence
    assert all(50 <= shot.confidence <= 100 for shot in [*plain, *unclear])


def test_one_frame_is_one_shot(tmp_path: Path) -> None:
    (only,) = detected(write(tmp_path / "clip.mp4", shot(1, 1)))
    assert (only.first_frame, only.last_frame) == (0, 0)


def test_without_frames_there_are_no_shots() -> None:
    assert ShotDetector(25).finish() == []


def test_a_detector_goes_on_from_its_state_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    pictures = [
        *shot(1, 35),
        *faded(dissolved(shot(2, 60), shot(3, 60), 16), shot(4, 70), 10, 30),
        *shot(5, 40, step=(3, 0)),
    ]
    path = write(tmp_path / "clip.mp4", pictures, rate=50)
    whole = detected(path)
    assert len(whole) > 4
    for stop in range(3, len(pictures), 37):
        with StoredVideo.open(path) as video:
            detector, shots, last = ShotDetector(video.facts.frame_rate), [], 0
            for frame in video.frames():
                shots += detector.add(frame)
                last = frame.timestamp
                if frame.number == stop:
                    break
            state = json.loads(json.dumps(detector.state()))
            later = ShotDetector.restore(state)
            for frame in video.frames(start=last + 1):
                shots += later.add(frame)
            assert shots + later.finish() == whole


def test_a_state_of_the_version_before_is_gone_on_from(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", [*shot(1, 120), *shot(2, 40), *shot(3, 60)])
    with StoredVideo.open(path) as video:
        detector = ShotDetector(25)
        frames = list(video.frames())
    for frame in frames[:128]:
        assert detector.add(frame) == []
    state = json.loads(json.dumps(detector.state()))
    stretch = state["watcher"]["stretch"]
    assert (stretch.pop("first"), stretch.pop("described")) == (0, 128)
    later = ShotDetector.restore(
        state | {"version": "1", "watcher": {**state["watcher"], "stretch": {**stretch, "count": 128}}}
    )
    shots = [shot for frame in frames[128:] for shot in later.add(frame)] + later.finish()
    assert [shot.first_frame for shot in shots] == [0, 120, 160]


def test_as_many_frames_are_known_before_a_batch_whatever_frame_the_version_before_stopped_at() -> None:
    def place(number: int) -> FramePlace:
        return FramePlace(number, 40 * number, number - 1, 40 * number - 40)

    picture = np.zeros((GREY_HEIGHT, GREY_WIDTH, 3), np.uint8)
    pixels = base64.b64encode(zlib.compress(bytes(108 * picture.size))).decode()
    old = {"count": 230, "places": [place(number) for number in range(122, 230)], "pixels": pixels}
    stretch = Stretch.restore(old)
    for number in range(230, 700):
        if stretch.add(picture, place(number)):
            new = stretch.describe()
            assert stretch.first <= max(new.start - KEPT, 122)
            assert stretch.place(stretch.first).number == stretch.first
    assert stretch.first % BATCH == 0


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(InternalServerError, match="Another version"):
        ShotDetector.restore(ShotDetector(25).state() | {"version": "0"})


def test_shots_are_told_while_the_video_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", [*shot(1, 50), *shot(2, 250)])
    told: list[tuple[int, Shot]] = []
    with StoredVideo.open(path) as video:
        detector = ShotDetector(25)

        def watch(frame: Frame) -> None:
            told.extend((frame.number, shot) for shot in detector.add(frame))

        for frame in video.frames():
            watch(frame)
    ((when, first),) = told
    assert first.last_frame == 49
    assert when < 200
