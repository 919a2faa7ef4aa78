"""RTSP cameras as GStreamer serves them: joined in the middle, frozen, killed, behind a password."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from regard.video.live.samples import SourceWord
from tests.video.live.cameras import reader, sample, state

_PYTHON = "/usr/bin/python3"  # Debian's, which has GStreamer's bindings
_CAMERA = Path(__file__).with_name("gstreamer_camera.py")
_NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


@pytest.fixture(scope="module", autouse=True)
def gstreamer() -> None:
    try:
        subprocess.run([_PYTHON, "-c", _NEEDED], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("GStreamer's RTSP server and its bindings for /usr/bin/python3 aren't installed")


@contextmanager
def _camera(group: int, *credentials: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [_PYTHON, str(_CAMERA), str(group), *credentials]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.slow
def test_a_camera_joined_in_the_middle_gives_no_broken_picture() -> None:
    """The first that is given is a key picture: a ball on black, and nothing grey."""
    with _camera(25) as (_, port), reader(f"rtsp://127.0.0.1:{port}/live") as first:
        sample(first)
        time.sleep(0.3)  # of the second from one key picture to the next
        with reader(f"rtsp://127.0.0.1:{port}/live") as second:
            pixels = sample(second).image.pixels()
    grey = (np.abs(pixels.astype(int) - 128).max(axis=2) < 40).mean()
    assert grey < 0.05
    assert pixels.max() > 200


def test_digest_authentication_with_any_password() -> None:
    password = "@:/?#[]%&=+$!'<>|^~"
    with (
        _camera(10, "admin", password) as (_, port),
        reader(f"rtsp://admin:{quote(password, safe='')}@127.0.0.1:{port}/live") as live,
    ):
        sample(live)


def test_a_wrong_password_is_told_and_not_tried_again_soon() -> None:
    with (
        _camera(10, "admin", "right") as (_, port),
        reader(f"rtsp://admin:wr0ng@127.0.0.1:{port}/live") as live,
    ):
        waiting = state(live, lambda one: one.word is SourceWord.WAITING)
    assert waiting.why == "It wants another user or password."
    assert (waiting.next_try or 0) - time.time() > 45
    assert "wr0ng" not in repr(waiting)


def test_a_path_that_is_not_there_is_told() -> None:
    with _camera(10) as (_, port), reader(f"rtsp://127.0.0.1:{port}/elsewhere") as live:
        waiting = state(live, lambda one: one.word is SourceWord.WAITING)
    assert waiting.why == "It has no stream of that name."


@pytest.mark.slow
def test_a_camera_that_is_frozen_is_noticed_and_read_again() -> None:
    with _camera(10) as (camera, port), reader(f"rtsp://127.0.0.1:{port}/live") as live:
        sample(live)
        camera.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        state(live, lambda one: one.word is SourceWord.WAITING)
        assert time.monotonic() - began < 15
        camera.send_signal(signal.SIGCONT)
        while not sample(live).gap:
            pass


def test_a_camera_that_dies_is_noticed_at_once() -> None:
    with _camera(10) as (camera, port), reader(f"rtsp://127.0.0.1:{port}/live") as live:
        sample(live)
        camera.kill()
        seen = state(live, lambda one: one.why == "Connection refused.")
    assert seen.last_picture is not None
    assert time.time() - seen.last_picture < 15
