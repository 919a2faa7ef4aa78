"""What is no video, is too much of one, or wants more than the file itself."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard.video.reading.limits import VideoError, VideoLimits, VideoTooLarge
from regard.video.reading.stored_video import StoredVideo
from tests.video.clips import numbered, tone, write

SECRET = "root:x:0:0"  # the beginning of /etc/passwd, were it read


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("clips") / "clip.mp4", map(numbered, range(30)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{file}\n#EXT-X-ENDLIST\n"),
        ("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{file}\n#EXT-X-ENDLIST\n"),
        ("list.txt", "ffconcat version 1.0\nfile '{file}'\n"),
        ("list.mpd", "<?xml version='1.0'?><MPD><Period><BaseURL>{file}</BaseURL></Period></MPD>"),
        ("list.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
        ("list.pls", "[playlist]\nFile1={file}\n"),
    ],
)
@pytest.mark.parametrize("named", ["/etc/passwd", "clip"])
def test_a_file_that_names_others_is_refused(
    tmp_path: Path, clip: Path, name: str, text: str, named: str
) -> None:
    listed = tmp_path / name
    listed.write_text(text.format(file=clip if named == "clip" else named))
    with pytest.raises(VideoError, match="no video that can be read") as caught:
        StoredVideo.open(listed)
    assert SECRET not in str(caught.value)


def test_a_path_is_never_a_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VideoError, match="can't be opened"):
        StoredVideo.open(Path("concat:/etc/passwd"))


def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(VideoError, match="no regular file"):
        StoredVideo.open(tmp_path / "pipe")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"no regular file|can't be opened"):
        StoredVideo.open(tmp_path)


def test_a_missing_file_is_refused_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(VideoError) as caught:
        StoredVideo.open(tmp_path / "none.mp4")
    assert str(tmp_path) not in str(caught.value)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no video stream"):
        StoredVideo.open(tone(tmp_path / "tone.mp4"))


@pytest.mark.parametrize("data", [b"", b"not a video", bytes(5000), b"\x89PNG\r\n\x1a\n" + bytes(200)])
def test_other_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bytes.mp4").write_bytes(data)
    with pytest.raises(VideoError, match="no video that can be read"):
        StoredVideo.open(tmp_path / "bytes.mp4")


def test_a_movie_whose_index_is_cut_off_is_refused(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "cut.mp4").write_bytes(clip.read_bytes().partition(b"moov")[0])
    with pytest.raises(VideoError):
        StoredVideo.open(tmp_path / "cut.mp4")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=12)), max_size=8))
def test_damaged_files_give_frames_or_a_sentence(
    clip: Path, tmp_path: Path, edits: list[tuple[float, bytes]]
) -> None:
    data = bytearray(clip.read_bytes())
    for place, change in edits:
        at = int(place * (len(data) - len(change)))
        data[at : at + len(change)] = change
    (tmp_path / "damaged.mp4").write_bytes(data)
    numbers: list[int] = []
    with contextlib.suppress(VideoError), StoredVideo.open(tmp_path / "damaged.mp4") as video:
        numbers += [frame.number for frame in video.frames() if frame.thumbnail is not None]
    assert numbers == sorted(set(numbers))


def test_a_file_over_the_size_limit_is_refused(clip: Path) -> None:
    with pytest.raises(VideoTooLarge, match="bytes"):
        StoredVideo.open(clip, limits=VideoLimits(size=1000))


def test_a_file_of_eleven_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "large.mp4").open("wb") as file:
        file.truncate(11 * 1024**3)  # takes no room on disk
    with pytest.raises(VideoTooLarge):
        StoredVideo.open(tmp_path / "large.mp4")


def test_a_video_that_says_it_is_too_long_is_refused(tmp_path: Path) -> None:
    ticks = [0, 7 * 3600 * 1000]
    path = write(tmp_path / "long.mp4", map(numbered, range(2)), ticks=ticks, unit=Fraction(1, 1000))
    with pytest.raises(VideoTooLarge, match="longer than 360 minutes"):
        StoredVideo.open(path)


def test_a_video_that_turns_out_too_long_stops_at_the_limit(tmp_path: Path) -> None:
    ticks = [n * 10_000 for n in range(14)]
    path = write(tmp_path / "long.mkv", map(numbered, range(14)), ticks=ticks, unit=Fraction(1, 1000))
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88")  # Duration, a float of eight bytes; Segment\Info\Duration of Matroska
    path.write_bytes(data[: at + 3] + np.array(5000.0, ">f8").tobytes() + data[at + 11 :])
    seen: list[int] = []
    with StoredVideo.open(path, limits=VideoLimits(minutes=1)) as video:
        assert video.duration == 5000
        with pytest.raises(VideoTooLarge, match="longer than 1 minutes"):
            seen.extend(frame.number for frame in video.frames())
    assert seen == list(range(7))


def test_frames_over_the_limit_are_refused(clip: Path) -> None:
    with pytest.raises(VideoTooLarge, match="160 × 96"):
        StoredVideo.open(clip, limits=VideoLimits(pixels=10_000))


def test_frames_that_grow_over_the_limit_are_not_decoded(tmp_path: Path) -> None:
    small = write(tmp_path / "a.ts", map(numbered, range(10)), options={"bf": "0"}).read_bytes()
    big = write(
        tmp_path / "b.ts", (numbered(n, width=1600, height=960) for n in range(10)), options={"bf": "0"}
    ).read_bytes()
    (tmp_path / "growing.ts").write_bytes(small + big)
    with StoredVideo.open(tmp_path / "growing.ts", limits=VideoLimits(pixels=100_000)) as video:
        frames = list(video.frames())
        assert len(frames) == 10
        assert {frame.image.pixels.shape for frame in frames} == {(96, 160, 3)}


def test_frames_that_change_their_size_are_given_in_the_first_one(tmp_path: Path) -> None:
    small = write(tmp_path / "a.ts", map(numbered, range(10)), options={"bf": "0"}).read_bytes()
    big = write(tmp_path / "b.ts", (numbered(n, width=320, height=192) for n in range(10))).read_bytes()
    (tmp_path / "growing.ts").write_bytes(small + big)
    with StoredVideo.open(tmp_path / "growing.ts") as video:
        frames = list(video.frames())
        assert len(frames) == 20
        assert {frame.image.pixels.shape for frame in frames} == {(96, 160, 3)}
        times = [frame.timestamp for frame in frames]
        assert times == sorted(set(times))


# The most that this program has held; what getrusage says begins with what its parent held.
MEMORY = """
import sys
from pathlib import Path
from regard.video.reading.stored_video import StoredVideo
import regard.vision.image, cv2

def most():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("VmHWM:"))

with StoredVideo.open(Path(sys.argv[1])) as video:
    count = 0
    for frame in video.frames():
        frame.thumbnail, frame.image
        count += 1
        if count == 200:
            before = most()
print(count, before, most())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_stays_bounded_over_ten_minutes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "long.mp4",
        (numbered(n % 4096, width=640, height=360) for n in range(15_000)),
        options={"preset": "ultrafast"},
    )
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True
    )
    count, early, most = map(int, run.stdout.split())
    assert count == 15_000
    assert most < early + 30_000  # KiB
    assert most < 300_000
