"""Live sources over HTTP: MJPEG, video that doesn't end, HLS; passwords; what is no video."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest

from regard.video.live.samples import SourceWord
from tests.video.drawn import scene
from tests.video.live.cameras import (
    Site,
    answer,
    behind_a_digest,
    behind_a_password,
    film,
    mjpeg,
    playlist,
    reader,
    sample,
    segments,
    state,
)

Page = Callable[[BaseHTTPRequestHandler], None]


def test_mjpeg_behind_any_password_is_read() -> None:
    password = "@:/?#[]%&=+ $!'\"<>|\\^`~ü€"
    pictures = [cv2.resize(scene(seed), (320, 240)) for seed in range(3)]
    with Site() as site:
        site.pages["/video"] = behind_a_password(mjpeg(pictures, 10), "user", password)
        with reader(f"http://user:{quote(password, safe='')}@127.0.0.1:{site.port}/video") as live:
            found = [sample(live) for _ in range(3)]
            seen = live.state
    assert (seen.codec, seen.width, seen.height) == ("mjpeg", 320, 240)
    assert 200 <= np.mean(np.diff([one.at for one in found])) <= 800
    assert any(np.abs(found[0].image.pixels().astype(int) - one).mean() < 6 for one in pictures)


def test_digest_authentication_over_http() -> None:
    with Site() as site:
        site.pages["/video?id=1"] = behind_a_digest(mjpeg([scene(1)], 5), "user", "s3:cret")
        with reader(f"http://user:s3:cret@127.0.0.1:{site.port}/video?id=1") as live:
            sample(live)


def test_a_password_that_is_missing_is_told() -> None:
    with Site() as site:
        site.pages["/video"] = behind_a_digest(mjpeg([scene(1)], 5), "user", "s3cret")
        with reader(f"http://127.0.0.1:{site.port}/video") as live:
            waiting = state(live, lambda one: one.word is SourceWord.WAITING)
    assert waiting.why == "It wants another user or password."


@pytest.mark.parametrize("guard", [behind_a_password, behind_a_digest])
def test_a_wrong_password_is_tried_once_and_not_again_for_a_minute(guard: Callable[..., Page]) -> None:
    with Site() as site:
        site.pages["/video"] = guard(mjpeg([scene(1)], 5), "user", "right")
        with reader(f"http://user:wrong@127.0.0.1:{site.port}/video") as live:
            waiting = state(live, lambda one: one.word is SourceWord.WAITING)
        assert waiting.why == "It wants another user or password."
        assert waiting.next_try is not None
        assert waiting.next_try - time.time() > 45
        assert len([sent for _, sent in site.asked if sent]) == 1


@pytest.mark.parametrize("form", ["ts", pytest.param("flv", marks=pytest.mark.slow)])
def test_video_in_an_answer_that_does_not_end_is_read_as_it_comes(form: str, tmp_path: Path) -> None:
    data = film(tmp_path / f"door.{form}", frames=75).read_bytes()

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/octet-stream")
        request.end_headers()
        for number in range(60):
            request.wfile.write(data[len(data) * number // 60 : len(data) * (number + 1) // 60])
            time.sleep(0.05)

    with Site() as site:
        site.pages["/video"] = send
        with reader(f"http://127.0.0.1:{site.port}/video") as live:
            first = sample(live)
            came = time.time()
            steps = np.diff([first.at, *(sample(live).at for _ in range(3))])
            assert live.state.word is SourceWord.PLAYING
    assert came - first.arrived < 1
    assert np.allclose(steps, 250, atol=45)


def test_hls_begins_at_its_end_and_follows(films: Path, tmp_path: Path) -> None:
    parts = segments(films / "door.mp4", tmp_path)
    begin = time.monotonic()
    with Site() as site:
        for number in range(100):
            site.put(f"/{number}.ts", parts[number % len(parts)], "video/mp2t")

        def index(request: object) -> None:
            last = 3 + int(time.monotonic() - begin)
            names = [f"{number}.ts" for number in range(last - 3, last)]
            answer(request, 200, playlist(names, first=last - 3), "application/vnd.apple.mpegurl")  # type: ignore[arg-type]

        site.pages["/live"] = index  # type: ignore[assignment]
        with reader(f"http://127.0.0.1:{site.port}/live") as live:
            found = [sample(live) for _ in range(6)]
    steps = np.diff([one.at for one in found])
    assert (steps > 0).all()
    assert 200 <= np.median(steps) <= 300  # though they came a segment at a time
    assert "/0.ts" not in [path for path, _ in site.asked]


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        (b"<html>no camera</html>", "text/html", "no video"),
        (bytes(range(256)) * 400, "application/octet-stream", "no video"),
        (bytes(range(256)) * 400, "multipart/x-mixed-replace; boundary=x", "no video"),
        (b"#EXTM3U\n" + b"#" * 5_000_000, "application/vnd.apple.mpegurl", "4000000 bytes"),
        (b"", "video/mp2t", "no video"),
        (cv2.imencode(".jpg", scene(1))[1].tobytes(), "image/jpeg", "single picture"),
    ],
)
def test_what_is_no_video_is_a_sentence_and_tried_again(data: bytes, kind: str, why: str) -> None:
    with Site() as site:
        site.put("/video", data, kind)
        with reader(f"http://u:s3cret@127.0.0.1:{site.port}/video") as live:
            seen = state(live, lambda one: one.word is SourceWord.WAITING)
    assert seen.why is not None
    assert why in seen.why
    assert "s3cret" not in repr(seen)
