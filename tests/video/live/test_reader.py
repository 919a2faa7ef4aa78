"""Readers of live sources: what they give of real servers, and what becomes of them when these fail."""

from __future__ import annotations

import datetime
import multiprocessing
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from regard.video.live.networks import AllowedNetworks
from regard.video.live.reader import _SampleLine
from regard.video.live.samples import SourceWord
from tests.video.drawn import scene
from tests.video.live.cameras import (
    Cable,
    Site,
    answer,
    behind_a_digest,
    behind_a_password,
    film,
    mjpeg,
    playlist,
    reader,
    rtsp_server,
    sample,
    segments,
    state,
)
from tests.waiting import wait_until

Page = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    film(folder / "door.mp4")
    film(folder / "short.mp4", frames=25)
    return folder


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


def _certificate(folder: Path) -> ssl.SSLContext:
    """One that a camera has made itself, for a name that it hasn't."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "camera")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    (folder / "camera.pem").write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "camera.pem")
    return context


def test_rtsps_is_read_whoever_made_the_certificate(films: Path, tmp_path: Path) -> None:
    with (
        rtsp_server(films) as port,
        Cable(port, _certificate(tmp_path)) as cable,
        reader(f"rtsps://127.0.0.1:{cable.port}/door.mp4") as live,
    ):
        assert sample(live).at < sample(live).at


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


def test_a_file_is_read_at_its_own_pace_to_its_end(films: Path) -> None:
    with reader(f"file://{films}/short.mp4", folders=[films]) as live:
        found = [sample(live)]
        while not (ended := live.state).is_final or found[-1] is not None:
            found.append(live.ask(0.5))  # type: ignore[arg-type]
    times = [one.at for one in found if one is not None]
    assert np.allclose(np.diff(times), 250, atol=45)
    assert len(times) == 4  # of 1 s
    assert ended.word is SourceWord.ENDED


def test_a_file_that_loops_goes_on(films: Path) -> None:
    with reader(f"file://{films}/short.mp4?loop=1", folders=[films], rate=10) as live:
        times = [sample(live).at for _ in range(14)]
    assert times[-1] - times[0] > 1200
    assert max(np.diff(times)) < 250


def test_samples_that_wait_in_a_file_are_given_one_by_one(films: Path) -> None:
    with reader(f"file://{films}/door.mp4?loop=1", folders=[films]) as live:
        sample(live)
        time.sleep(1.2)
        found = [sample(live) for _ in range(4)]
    assert np.allclose(np.diff([one.at for one in found]), 250, atol=45)


def test_a_file_outside_of_the_folders_is_refused(films: Path, tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(films / "door.mp4")
    for path in (films / "door.mp4", tmp_path / "link.mp4", f"{tmp_path}/../../{films.name}/door.mp4"):
        with reader(f"file://{path}", folders=[tmp_path]) as live:
            refused = state(live, lambda one: one.is_final)
        assert refused.word is SourceWord.REFUSED
        assert refused.why == "Its file is in no folder that REGARD_STREAM_FOLDERS names."


def test_a_file_that_is_no_video_is_refused_for_good(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(os.urandom(20_000))
    with reader(f"file://{tmp_path}/x.mp4", folders=[tmp_path]) as live:
        refused = state(live, lambda one: one.is_final)
    assert refused.why is not None
    assert "no video" in refused.why


def test_a_device_that_is_not_there_is_waited_for() -> None:
    with reader("file:///dev/video99") as live:
        waiting = state(live, lambda one: one.word is SourceWord.WAITING)
    assert waiting.why == "There is no such device."


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


def test_a_playlist_that_names_a_file_of_this_machine_is_refused(films: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ts"
    secret.write_bytes(segments(films / "door.mp4", tmp_path)[0])
    with Site() as site:
        site.put("/x.m3u8", playlist([f"file://{secret}"] * 3))
        with reader(f"http://127.0.0.1:{site.port}/x.m3u8") as live:
            seen = state(live, lambda one: one.why is not None)
            assert live.ask(0.1) is None
    assert seen.word is SourceWord.REFUSED
    assert seen.why is not None
    assert "secret" not in seen.why


@pytest.mark.parametrize("kind", ["redirect", "playlist", "redirect to a file"])
def test_nothing_leads_out_of_the_networks(kind: str) -> None:
    """A second machine of the network, which isn't allowed: 127.0.0.2."""
    networks = AllowedNetworks.parse("127.0.0.1")
    with Site() as site:
        elsewhere = f"http://127.0.0.2:{site.port}/video"
        site.pages["/video"] = mjpeg([scene(1)], 5)
        if kind == "playlist":
            site.put("/x.m3u8", playlist([elsewhere] * 3))
        else:
            site.put(
                "/x.m3u8", b"", status=302, Location=elsewhere if kind == "redirect" else "file:///etc/passwd"
            )
        with reader(f"http://127.0.0.1:{site.port}/x.m3u8", networks=networks) as live:
            seen = state(live, lambda one: one.why is not None)
        assert seen.why is not None
        assert "127.0.0.2" not in seen.why
        assert "/video" not in [path for path, _ in site.asked]


def test_an_rtsp_redirect_is_not_followed(films: Path) -> None:
    """Which FFmpeg would do by itself, wherever it leads."""
    asked: list[bytes] = []
    with rtsp_server(films) as port, socket.create_server(("127.0.0.1", 0)) as listener:

        def redirect() -> None:
            with listener.accept()[0] as client:
                while request := client.recv(4096):
                    asked.append(request.split()[0])
                    number = next(line for line in request.split(b"\r\n") if line.startswith(b"CSeq"))
                    head = b"RTSP/1.0 302 Moved\r\n" if b"DESCRIBE" in request else b"RTSP/1.0 200 OK\r\n"
                    client.sendall(
                        head + number + f"\r\nLocation: rtsp://127.0.0.1:{port}/door.mp4\r\n\r\n".encode()
                    )

        thread = threading.Thread(target=redirect)
        thread.start()
        with reader(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x") as live:
            seen = state(live, lambda one: one.why is not None)
        thread.join()
    assert asked == [b"OPTIONS", b"DESCRIBE"]
    assert seen.why == "It redirects: give the URL that it redirects to."
    assert seen.last_picture is None


def test_a_password_is_sent_to_no_other_server() -> None:
    with Site() as site, Site() as other:
        site.put("/video", b"", status=302, Location=f"http://127.0.0.1:{other.port}/video")
        other.pages["/video"] = behind_a_password(mjpeg([scene(1)], 5), "user", "s3cret")
        with reader(f"http://user:s3cret@127.0.0.1:{site.port}/video") as live:
            seen = state(live, lambda one: one.why is not None)
    assert seen.why == "It wants another user or password."
    assert {sent for _, sent in other.asked} == {None}


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "http"])
def test_a_host_that_is_not_allowed_is_refused_for_good(scheme: str) -> None:
    with reader(f"{scheme}://u:s3cret@127.0.0.1:9/x", networks=AllowedNetworks.parse("10.0.0.0/8")) as live:
        refused = state(live, lambda one: one.is_final)
    assert refused.word is SourceWord.REFUSED
    assert refused.why == "Its host is not in the networks that REGARD_SOURCES allows."


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


@pytest.mark.slow
@pytest.mark.parametrize("rate", [2, 50])
def test_any_rate_of_pictures_is_sampled_as_asked(rate: int, tmp_path: Path) -> None:
    film(tmp_path / "door.mp4", rate=rate, frames=3 * rate, group=rate)
    with reader(f"file://{tmp_path}/door.mp4?loop=1", folders=[tmp_path]) as live:
        times = [sample(live).at for _ in range(5)]
    assert np.allclose(np.diff(times), max(250, 1000 / rate), atol=45)


@pytest.mark.parametrize("size", [(180, 320), pytest.param((3840, 2160), marks=pytest.mark.slow)])
def test_portrait_and_4k_are_read_as_they_are(size: tuple[int, int], tmp_path: Path) -> None:
    film(tmp_path / "door.mp4", size=size, frames=5, group=5)
    with reader(f"file://{tmp_path}/door.mp4?loop=1", folders=[tmp_path]) as live:
        found = sample(live)
    assert (found.width, found.height) == size
    assert found.image.pixels().shape == (size[1], size[0], 3)


def test_one_source_that_fails_stops_no_other(films: Path) -> None:
    with Site() as site, reader(f"file://{films}/door.mp4?loop=1", folders=[films]) as good:
        site.put("/video", b"garbage")
        with reader(f"http://127.0.0.1:{site.port}/video") as bad:
            state(bad, lambda one: one.word is SourceWord.WAITING)
            before = sample(good)
            assert sample(good).at > before.at
