"""Time stamps of files that jump, and long pauses that are none: every frame is there, at its time."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.video.reading.limits import VideoLimits
from regard.video.reading.stored_video import StoredVideo
from tests.video.clips import number_of, numbered, restamped, write

COUNT, RATE = 120, 25
FRAME = 1000 // RATE  # ms
MILLISECOND = Fraction(1, 1000)
Seen = list[tuple[int, int, int]]


@pytest.fixture(scope="module", params=[0, 3], ids=["no B-frames", "B-frames"])
def clip(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Numbered frames with sound, a key picture every 30."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    options = {"g": "30", "bf": str(request.param), "sc_threshold": "0"}
    return write(path, map(numbered, range(COUNT)), options=options, sound=True)


def seen(path: Path, start: int = 0) -> Seen:
    """Of every frame its number, its time, and the number that is drawn on it."""
    with StoredVideo.open(path) as video:
        return [(one.number, one.timestamp, number_of(one.image.pixels)) for one in video.frames(start=start)]


def is_whole(frames: Seen) -> bool:
    """Whether each frame is there, and within one and a half of its place."""
    numbers = [(number, shown) for number, _, shown in frames]
    close = all(abs(time - FRAME * at) <= 1.5 * FRAME for at, (_, time, _) in enumerate(frames))
    return close and numbers == [(n, n) for n in range(COUNT)]


@pytest.mark.parametrize("late", [0.3, 5, 3_000, 50_000])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_frame_that_is_stamped_late_stands_beside_its_neighbours(
    clip: Path, tmp_path: Path, suffix: str, late: float
) -> None:
    for stray in (1, 60, 75):
        path = restamped(
            clip,
            tmp_path / f"{stray}{suffix}",
            lambda kind, number, stray=stray: late if (kind, number) == ("video", stray) else 0,
            decoding=False,
        )
        assert is_whole(seen(path)), stray
        with StoredVideo.open(path) as video:
            list(video.frames())
            assert video.duration == pytest.approx(COUNT * FRAME, abs=FRAME)


def test_a_key_picture_that_strays_is_no_place_to_begin(clip: Path, tmp_path: Path) -> None:
    path = restamped(
        clip,
        tmp_path / "key.mp4",
        lambda kind, number: 0.4 if (kind, number) == ("video", 60) else 0,
        decoding=False,
    )
    whole = seen(path)
    for start in (2_400, 2_600, 2_800, 3_200):
        assert seen(path, start) == [frame for frame in whole if frame[1] >= start]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_where_frames_stray_reading_from_anywhere_gives_what_reading_from_the_beginning_gives(
    clip: Path, tmp_path: Path, data: st.DataObject
) -> None:
    suffix = data.draw(st.sampled_from([".mp4", ".mkv"]))
    strays = data.draw(st.dictionaries(st.integers(1, COUNT - 1), st.floats(0, 6), max_size=4), label="late")
    path = restamped(
        clip,
        tmp_path / f"strays{suffix}",
        lambda kind, number: strays.get(number, 0) if kind == "video" else 0,
        decoding=False,
    )
    whole = seen(path)
    assert [shown for _, _, shown in whole] == list(range(COUNT))
    start = data.draw(st.integers(0, COUNT * FRAME))
    assert seen(path, start) == [frame for frame in whole if frame[1] >= start]


@pytest.mark.parametrize("late", [20, 600, 36_000, 90_000])
@pytest.mark.parametrize("shifted", [("video", "audio"), ("video",)])
def test_where_the_clock_of_a_transport_stream_begins_anew_frames_go_on_at_their_rate(
    clip: Path, tmp_path: Path, late: float, shifted: tuple[str, ...]
) -> None:
    at = {"video": COUNT // 2, "audio": 8 * COUNT // RATE // 2}  # packets; some eight of sound a second
    path = restamped(
        clip,
        tmp_path / "late.ts",
        lambda kind, number: late if kind in shifted and number >= at[kind] else 0,
    )
    assert is_whole(seen(path))
    with StoredVideo.open(path) as video:
        list(video.frames())
        assert video.duration == pytest.approx(COUNT * FRAME, abs=2 * FRAME)
        assert video.audio[0].duration == pytest.approx(COUNT * FRAME, abs=300)


def test_a_jump_in_a_stream_does_not_count_to_the_limit_of_its_duration(clip: Path, tmp_path: Path) -> None:
    path = restamped(clip, tmp_path / "late.ts", lambda _, number: 7_200 if number >= 60 else 0)
    with StoredVideo.open(path, limits=VideoLimits(minutes=1)) as video:
        assert video.duration == pytest.approx(COUNT * FRAME, abs=2 * FRAME)
        assert sum(1 for _ in video.frames()) == COUNT


def test_streams_that_are_joined_go_on_where_one_ends(clip: Path, tmp_path: Path) -> None:
    part = restamped(clip, tmp_path / "part.ts", lambda *_: 0).read_bytes()
    (tmp_path / "joined.ts").write_bytes(3 * part)
    frames = seen(tmp_path / "joined.ts")
    assert [shown for _, _, shown in frames] == 3 * list(range(COUNT))
    assert [time for _, time, _ in frames] == [FRAME * n for n in range(3 * COUNT)]


def paused(count: int, *, seed: int, shortest: float, longest: float, share: float = 1.0) -> list[int]:
    """Time stamps, ms: frames at the rate, but for a share of them that stand so many seconds."""
    random_ = random.Random(seed)
    stamps = [0]
    for _ in range(count - 1):
        pauses = random_.random() < share
        stamps.append(stamps[-1] + (round(1000 * random_.uniform(shortest, longest)) if pauses else FRAME))
    return stamps


@pytest.mark.parametrize(
    ("shortest", "longest", "share"),
    [
        pytest.param(2, 10, 1.0, id="slides"),
        pytest.param(20, 90, 0.03, id="a screen on which seldom anything moves"),
        pytest.param(0.08, 4, 0.2, id="a camera that drops frames"),
        pytest.param(100, 400, 0.02, id="a camera that waits for something to move"),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".ts"])
@pytest.mark.parametrize("seed", [1, 2])
def test_pauses_are_kept(
    tmp_path: Path, suffix: str, shortest: float, longest: float, share: float, seed: int
) -> None:
    """In a transport stream those of over ten seconds with sound: nothing else tells them from jumps."""
    stamps = paused(COUNT, seed=seed, shortest=shortest, longest=longest, share=share)
    sound = stamps[-1] / 1000 + 1 if suffix == ".ts" and longest > 10 else False
    path = write(
        tmp_path / f"paused{suffix}",
        map(numbered, range(COUNT)),
        codec="libvpx" if suffix == ".webm" else "libx264",
        ticks=stamps,
        unit=MILLISECOND,
        sound=sound,
    )
    assert [(number, shown) for number, _, shown in seen(path)] == [(n, n) for n in range(COUNT)]
    assert [time for _, time, _ in seen(path)] == pytest.approx(stamps, abs=1)
    with StoredVideo.open(path) as video:
        list(video.frames())
        assert video.duration >= stamps[-1]
