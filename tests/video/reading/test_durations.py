"""How long a video is: what its file says, until that was read and turned out to be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from regard.video.reading.stored_video import StoredVideo
from tests.video.clips import numbered, restamped, write

COUNT, FRAME = 120, 40  # ms


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


def clip(path: Path, **how: Mapping[str, str]) -> Path:
    """Of frames and sound of some bytes, so that a cut goes through both."""
    noise = np.random.default_rng(0).integers(0, 40, (COUNT, 96, 160, 3), np.uint8)
    pictures = (numbered(n) // 2 + noise[n] for n in range(COUNT))
    return write(path, pictures, options={"g": "25", "bf": "2"}, sound=True, container_options=how.get("how"))


def read(path: Path) -> tuple[int, int, int, int]:
    """What is stated, what is answered after reading, of sound too, and the time of the last frame."""
    with StoredVideo.open(path) as video:
        stated, last = video.duration, 0
        for frame in video.frames():
            assert video.duration == stated
            last = frame.timestamp
        return stated, video.duration, video.audio[0].duration, last


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_a_file_that_states_its_duration_rightly_keeps_it(folder: Path, suffix: str) -> None:
    stated, answered, sound, last = read(clip(folder / f"whole{suffix}"))
    assert answered == last + FRAME == COUNT * FRAME
    assert stated == pytest.approx(answered, abs=250)
    assert sound == pytest.approx(COUNT * FRAME, abs=250)


def test_of_joined_streams_all_is_answered(folder: Path) -> None:
    part = clip(folder / "part.ts").read_bytes()
    (folder / "joined.ts").write_bytes(part + part)
    stated, answered, sound, last = read(folder / "joined.ts")
    assert stated < answered == last + FRAME == 2 * COUNT * FRAME
    assert sound == pytest.approx(2 * COUNT * FRAME, abs=500)


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("movie.mp4", "faststart"),
        ("fragments.mp4", "frag_keyframe+empty_moov+default_base_moof"),
        ("dash.mp4", "dash+delay_moov+frag_keyframe"),
        ("film.mkv", ""),
        ("film.avi", ""),
    ],
)
@pytest.mark.parametrize("kept", [0.45, 0.71])
def test_of_a_file_that_is_cut_off_what_is_there_is_answered(
    folder: Path, name: str, flags: str, kept: float
) -> None:
    whole = clip(folder / name, how={"movflags": flags} if flags else {}).read_bytes()
    cut = folder / f"cut-{name}"
    cut.write_bytes(whole[: int(kept * len(whole))])
    _, answered, sound, last = read(cut)
    assert answered == pytest.approx(last + FRAME, abs=1)
    assert answered == pytest.approx(kept * COUNT * FRAME, abs=0.15 * COUNT * FRAME)
    # A fragment has its pictures before its sound; the sound of the last one may be what is missing.
    assert answered - 1_100 < sound < answered + 300


@pytest.mark.parametrize(
    "flags", ["frag_keyframe+empty_moov+default_base_moof", "dash+delay_moov+frag_keyframe"]
)
def test_fragments_that_are_cut_off_anywhere_give_what_is_whole(folder: Path, flags: str) -> None:
    whole = clip(folder / "parts.mp4", how={"movflags": flags}).read_bytes()
    table = whole.index(b"moof", len(whole) // 2) - 4  # the size of a box comes before its kind
    for cut in (table + 4, table + 8, table + 100):  # within the table of a fragment
        (folder / "cut.mp4").write_bytes(whole[:cut])
        _, answered, _, last = read(folder / "cut.mp4")
        assert answered == pytest.approx(last + FRAME, abs=1)
        assert answered > 0.4 * COUNT * FRAME


def test_sound_that_ends_before_the_pictures_is_as_long_as_it_is(folder: Path) -> None:
    path = write(folder / "short.mkv", map(numbered, range(COUNT)), sound=2.0)
    _, answered, sound, _ = read(path)
    assert (answered, sound) == (COUNT * FRAME, pytest.approx(2_000, abs=200))


def test_sound_with_a_stray_time_stamp_is_no_longer_for_it(folder: Path) -> None:
    path = restamped(
        clip(folder / "sound.mp4"),
        folder / "sound.mkv",
        lambda kind, number: 3_000 if (kind, number) == ("audio", 12) else 0,
        decoding=False,
    )
    _, answered, sound, _ = read(path)
    assert (answered, sound) == (COUNT * FRAME, pytest.approx(COUNT * FRAME, abs=250))


def test_a_video_that_is_read_from_its_middle_is_as_long(folder: Path) -> None:
    path = clip(folder / "late.mkv")
    with StoredVideo.open(path) as video:
        list(video.frames(start=3_000))
        assert video.duration == COUNT * FRAME
        assert video.audio[0].duration == pytest.approx(COUNT * FRAME, abs=250)


def test_the_last_frame_lasts_as_long_as_its_file_says(folder: Path) -> None:
    path = write(
        folder / "slides.mp4",
        map(numbered, range(4)),
        ticks=[0, 4, 9, 11],
        unit=Fraction(1),
        rate=1,
        sound=14.0,
    )
    with StoredVideo.open(path) as video:
        stated = video.duration
        list(video.frames())
        assert video.duration == stated
