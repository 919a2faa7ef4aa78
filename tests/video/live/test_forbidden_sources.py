"""No live source leads out of the networks that are allowed, nor to a file of this machine."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from regard.video.live.networks import AllowedNetworks
from regard.video.live.samples import SourceWord
from tests.video.drawn import scene
from tests.video.live.cameras import (
    Site,
    behind_a_password,
    mjpeg,
    playlist,
    reader,
    rtsp_server,
    segments,
    state,
)


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
