"""Sound of a drawn video, where the clocks of its source jump: it stays with the pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.presentation.drawn import pictures
from tests.video import clips
from tests.video.conftest import backdrop

from regard.jobs.spool import ItemSpool
from regard.presentation.video.annotated import draw_video
from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.fitting import Fitting, Not, PictureClock
from regard.video.reading.limits import VideoLimits

RATE, PART = 16_000, 2  # samples a second, seconds of a recording


def recording(path: Path, codec: str, heard: float) -> Path:
    """Two seconds of pictures beside a bit more or less of sound, with a beep from 1.0 to 1.2 s."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        sound = container.add_stream(codec, rate=RATE, layout="mono")
        packets = []
        for number in range(25 * PART):
            frame = av.VideoFrame.from_ndarray(backdrop("brick", 320, 180))
            frame.pts = number
            packets += video.encode(frame)
        packets += video.encode(None)
        wave = (np.sin(np.arange(int(RATE * heard)) * 0.3) * 9000).astype(np.int16)
        wave[:RATE] = wave[int(1.2 * RATE) :] = 0
        resampler = av.AudioResampler(sound.format, "mono", RATE)
        part = av.AudioFrame.from_ndarray(wave[None], "s16", "mono")
        part.sample_rate, part.pts, part.time_base = RATE, 0, Fraction(1, RATE)
        for resampled in resampler.resample(part):
            packets += sound.encode(resampled)
        packets += sound.encode(None)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


def beeps(path: Path) -> list[float]:
    """When they begin, s."""
    begun, silent = [], True
    with av.open(str(path)) as container:
        for part in container.decode(audio=0):
            loud = np.abs(part.to_ndarray().astype(np.float64)).max() > 0.1
            if loud and silent:
                begun.append(float(part.time))
            silent = not loud
    return begun


def drawn(source: Path, target: Path) -> str:
    """Draws it with nothing found in it; what is said of the sound."""
    with ItemSpool() as spool:
        found = VideoFindings(spool, {}, {})
        return draw_video(found, source, target, VideoLimits(), lambda _: None)


@pytest.mark.parametrize("heard", [1.9, 2.0, 2.3])
@pytest.mark.parametrize("codec", ["aac", "mp2"])
@pytest.mark.parametrize("late", [0, 600, 36_000])
def test_sound_of_joined_recordings_stays_with_their_pictures(
    tmp_path: Path, codec: str, heard: float, late: float
) -> None:
    part = recording(tmp_path / "part.ts", codec, heard)
    later = clips.restamped(part, tmp_path / "later.ts", lambda *_: late)
    (tmp_path / "joined.ts").write_bytes(part.read_bytes() + later.read_bytes() + part.read_bytes())
    assert "fitted" in drawn(tmp_path / "joined.ts", tmp_path / "o.mp4")
    assert len(pictures(tmp_path / "o.mp4")) == 3 * 25 * PART
    assert beeps(tmp_path / "o.mp4") == pytest.approx([1, 3, 5], abs=0.15)


@pytest.mark.parametrize("late", [20, 600])
def test_sound_whose_clock_alone_jumps_goes_on(tmp_path: Path, late: float) -> None:
    part = recording(tmp_path / "part.ts", "aac", 2.0)
    clips.restamped(
        part,
        tmp_path / "late.ts",
        lambda kind, number: late if kind == "audio" and number >= 1 else 0,
    )
    drawn(tmp_path / "late.ts", tmp_path / "o.mp4")
    assert len(pictures(tmp_path / "o.mp4")) == 25 * PART
    assert beeps(tmp_path / "o.mp4") == pytest.approx([1], abs=0.15)


PACKET = Fraction(1, 50)  # s


def heard(times: list[float], clock: PictureClock, length: float = 100) -> list[Fraction | Not]:
    """When packets with these times in their file are heard, all pictures up to the clock's time shown."""
    fitting, found = Fitting(Fraction(0)), []
    begins = [Fraction(time) for time in times]
    for begin, following in zip(begins, [*begins[1:], None], strict=True):
        found.append(fitting.place(begin, PACKET, lambda following=following: following, clock))
    return found


def test_a_packet_that_strays_is_left_out() -> None:
    clock = PictureClock(Fraction(10), Fraction(0), Fraction(100))
    assert heard([0, 0.02, 500, 0.06], clock) == [0, Fraction(0.02), Not.AT_ALL, Fraction(0.06)]


def test_sound_that_pauses_is_heard_when_the_pictures_are_there() -> None:
    clock = PictureClock(Fraction(10), Fraction(0), Fraction(100))
    assert heard([0, 40, 40.02], clock)[1] is Not.YET
    assert heard([0, 40, 40.02], PictureClock(Fraction(50), Fraction(0), Fraction(100)))[1] == 40


def test_sound_of_before_what_was_heard_is_left_out() -> None:
    ended = PictureClock(None, Fraction(0), Fraction(100))
    assert heard([0, 0.02, 0.01, 0.04], ended)[2] is Not.AT_ALL
