"""What `regard video --draw` makes of videos that an MP4 can't hold as they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.cli.conftest import Run
from tests.presentation.drawn import pictures
from tests.video import clips
from tests.video.conftest import backdrop


def test_a_turned_video_is_drawn_upright_and_one_of_odd_sides_gets_a_pixel(
    regard: Run, tmp_path: Path
) -> None:
    frames = [backdrop("brick", 321, 181)] * 6
    clips.write(tmp_path / "odd.mkv", frames, codec="ffv1", pixels="bgr0")
    clips.write(tmp_path / "turned.mp4", [backdrop("brick", 320, 180)] * 6, rotation=90)
    for name, size in (("odd.mkv", (322, 182)), ("turned.mp4", (180, 320))):
        regard("video", name, "--text", "--draw", "o.mp4")
        drawn = pictures(tmp_path / "o.mp4")
        assert (len(drawn), drawn[0].shape[1::-1]) == (6, size)


def test_what_was_done_with_sound_that_begins_anew_is_said(regard: Run, tmp_path: Path) -> None:
    part = clips.write(tmp_path / "part.ts", [backdrop("brick", 320, 180)] * 50, sound=True).read_bytes()
    (tmp_path / "joined.ts").write_bytes(part + part)
    done = regard("video", "joined.ts", "--text", "--draw", "o.mp4")
    assert "The clock of the sound jumps; it was fitted to the pictures." in done.stdout
    assert len(pictures(tmp_path / "o.mp4")) == 100


def test_sound_that_an_mp4_can_not_hold_is_encoded_anew(regard: Run, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "old.avi"), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        heard = container.add_stream("pcm_s16le", rate=44_100, layout="stereo")
        for number in range(25):
            container.mux(video.encode(av.VideoFrame.from_ndarray(backdrop("brick", 320, 180))))
            wave = (np.sin(np.arange(1764) / 20) * 9000).astype(np.int16).repeat(2)[None]
            part = av.AudioFrame.from_ndarray(wave, "s16", "stereo")
            part.sample_rate, part.pts, part.time_base = 44_100, 1764 * number, Fraction(1, 44_100)
            container.mux(heard.encode(part))
        container.mux(video.encode(None))
        container.mux(heard.encode(None))
    done = regard("video", "old.avi", "--text", "--draw", "o.mp4")
    assert "The sound was encoded anew: pcm_s16le isn't for MP4." in done.stdout
    with av.open(str(tmp_path / "o.mp4")) as container:
        loud = [np.abs(part.to_ndarray()).max() for part in container.decode(audio=0)]
    assert len(loud) * 1024 == pytest.approx(44_100, rel=0.05)
    assert max(loud) == pytest.approx(9000 / 32768, rel=0.2)
