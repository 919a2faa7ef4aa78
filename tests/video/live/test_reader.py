"""Readers of live sources: what they give of a camera, and what becomes of them when it or they fail."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from regard.video.live.reader import _SampleLine
from regard.video.live.samples import SourceWord
from tests.video.live.cameras import (
    Cable,
    Site,
    reader,
    rtsp_server,
    sample,
    state,
)
from tests.waiting import wait_until


def test_samples_of_an_rtsp_camera_come_at_their_rate_and_rise(films: Path) -> None:
    with rtsp_server(films) as port, reader(f"rtsp://127.0.0.1:{port}/door.mp4") as live:
        found = [sample(live) for _ in range(6)]
        seen = live.state
    steps = np.diff([one.at for one in found])
    assert (steps > 0).all()
    assert 200 <= np.median(steps) <= 320
    assert [one.fragment for one in found] == sorted(one.fragment for one in found)
    assert all(one.produced == one.fragment_produced + one.offset for one in found)
    assert all(abs(one.produced - one.arrived) < 2 for one in found)
    assert found[0].image.pixels().shape == (180, 320, 3)
    assert (seen.word, seen.codec, seen.width, seen.height) == (SourceWord.PLAYING, "h264", 320, 180)


def test_the_first_sample_is_seen_whole_and_later_ones_where_it_moved(films: Path) -> None:
    with rtsp_server(films) as port, reader(f"rtsp://127.0.0.1:{port}/door.mp4") as live:
        found = [sample(live) for _ in range(6)]
    assert found[0].moved is None
    assert not found[0].is_still
    boxes = found[-1].moved
    assert boxes
    ball = 90.0  # px, the height at which it crosses
    assert any(box.top <= ball <= box.bottom for box in boxes)


def test_a_camera_that_comes_back_is_read_again_and_the_gap_is_said(films: Path) -> None:
    with (
        rtsp_server(films) as port,
        Cable(port) as cable,
        reader(f"rtsp://u:s3cret@127.0.0.1:{cable.port}/door.mp4") as live,
    ):
        before = [sample(live) for _ in range(3)][-1]
        cable.cut()
        lost = state(live, lambda one: one.word is SourceWord.WAITING and one.why == "Connection refused.")
        assert lost.next_try is not None
        assert lost.last_picture is not None
        assert not lost.is_final
        cable.mend()
        after = sample(live)
        while not after.gap:
            after = sample(live)
        assert after.at > before.at
        assert not sample(live).gap
        assert live.state.why is None


@pytest.mark.slow
def test_a_camera_that_freezes_is_given_up_and_connected_to_anew(films: Path) -> None:
    with (
        rtsp_server(films) as port,
        Cable(port) as cable,
        reader(f"rtsp://127.0.0.1:{cable.port}/door.mp4") as live,
    ):
        sample(live)
        cable.freeze()
        began = time.monotonic()
        state(live, lambda one: one.word is SourceWord.WAITING)
        assert time.monotonic() - began < 15
        cable.thaw()
        found = sample(live)
        while not found.gap:
            found = sample(live)


def test_a_reader_that_is_killed_is_replaced(films: Path) -> None:
    with rtsp_server(films) as port, reader(f"rtsp://127.0.0.1:{port}/door.mp4") as live:
        sample(live)
        process = live._process
        assert process is not None
        os.kill(process.pid or 0, signal.SIGKILL)
        found = sample(live)
        while not found.gap:
            found = sample(live)


def test_an_answer_that_is_late_is_that_to_the_next_question() -> None:
    near, far = multiprocessing.Pipe()
    with near, far:
        line = _SampleLine(near)
        assert line.ask(time.monotonic()) is None
        assert not line.is_broken
        assert far.recv() == 0.0
        far.send("sample")
        assert line.ask(time.monotonic() + 5) == "sample"
        assert not far.poll()
        far.close()
        assert line.ask(time.monotonic() + 5) is None
        assert line.is_broken


def test_a_closed_reader_leaves_no_process(films: Path) -> None:
    with rtsp_server(films) as port, reader(f"rtsp://127.0.0.1:{port}/door.mp4") as live:
        sample(live)
        assert live._process is not None
        pid = live._process.pid or 0
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    assert live.ask(1.0) is None


def test_only_the_newest_sample_of_a_camera_is_kept(films: Path) -> None:
    with rtsp_server(films) as port, reader(f"rtsp://127.0.0.1:{port}/door.mp4", rate=10) as live:
        first = sample(live)
        time.sleep(1.2)  # as a worker that is busy
        later = sample(live)
        assert later.at - first.at > 800
        assert time.time() - later.arrived < 2


def test_one_source_that_fails_stops_no_other(films: Path) -> None:
    with Site() as site, reader(f"file://{films}/door.mp4?loop=1", folders=[films]) as good:
        site.put("/video", b"garbage")
        with reader(f"http://127.0.0.1:{site.port}/video") as bad:
            state(bad, lambda one: one.word is SourceWord.WAITING)
            before = sample(good)
            assert sample(good).at > before.at
