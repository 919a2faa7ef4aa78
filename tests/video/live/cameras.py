"""Cameras of the tests: real servers that play drawn films, and a cable to them that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

import aio_rtsp_toolkit.server as rtsp
import av
import cv2
import numpy as np

from regard.video.live.address import SourceAddress
from regard.video.live.failures import Retries
from regard.video.live.folders import AllowedFolders
from regard.video.live.networks import AllowedNetworks
from regard.video.live.reader import LiveReader
from regard.video.live.samples import LiveSample, SourceState
from regard.video.live.trust import SourceTrust
from tests.video.clips import write
from tests.video.drawn import scene
from tests.waiting import PATIENCE

PRIVATE = AllowedNetworks.parse("private")
CAMERA = {"bf": "0", "profile": "baseline", "preset": "ultrafast"}  # as cameras encode: no B-frames


def film(
    path: Path, *, frames: int = 50, group: int = 10, rate: int = 25, size: tuple[int, int] = (320, 180)
) -> Path:
    """A ball that crosses a still scene. `group`: frames from one key picture to the next."""
    ground = cv2.resize(scene(1), size)
    width, height = size

    def draw(number: int) -> np.ndarray:
        picture = ground.copy()
        place = (round(width * (0.1 + 0.8 * number / frames)), height // 2)
        cv2.circle(picture, place, height // 8, (255, 255, 0), -1)
        return picture

    return write(path, map(draw, range(frames)), rate=rate, options={"g": str(group), **CAMERA})


class Quiet:
    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_args, **_named: None


@contextmanager
def rtsp_server(folder: Path) -> Iterator[int]:
    """Plays the films of a folder, again and again, over RTSP by TCP; its port."""
    rtsp.logger = Quiet()
    loop = asyncio.new_event_loop()
    server = rtsp.RtspServer(str(folder), "127.0.0.1", 0)
    loop.run_until_complete(server.start())
    assert server._server is not None
    port = server._server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(_cancel, loop)
        thread.join()
        loop.run_until_complete(server.close())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _cancel(loop: asyncio.AbstractEventLoop) -> None:
    async def end() -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        loop.stop()

    loop.create_task(end())


class Cable:
    """Connections to 127.0.0.1:`port`, through a port of its own. `freeze`: nothing comes through any more,
    and nobody is told. `cut`: they break, and new ones are refused until `mend`. A context manager."""

    def __init__(self, port: int, secure: ssl.SSLContext | None = None) -> None:
        """`secure`: its near end speaks TLS."""
        self._secure = secure
        self._to, self._frozen, self._whole = port, threading.Event(), threading.Event()
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port = 0
        self.mend()

    def freeze(self) -> None:
        self._frozen.set()

    def thaw(self) -> None:
        self._frozen.clear()

    def cut(self) -> None:
        self._whole.clear()
        self._threads[0].join()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def mend(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.settimeout(0.05)
        self.port = listener.getsockname()[1]
        self._whole.set()
        self._ends, self._threads = [], []
        self._start(self._accept, listener)

    def __enter__(self) -> Cable:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def _start(self, work: Callable[..., None], *given: Any) -> None:
        thread = threading.Thread(target=work, args=given)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while self._whole.is_set():
                try:
                    near = listener.accept()[0]
                except TimeoutError:
                    continue
                near.settimeout(None)
                try:
                    if self._secure is not None:
                        near = self._secure.wrap_socket(near, server_side=True)
                except OSError:  # the other end doesn't believe the certificate
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [near, far]
                self._start(self._carry, near, far)
                self._start(self._carry, far, near)

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                while self._frozen.is_set() and self._whole.is_set():
                    time.sleep(0.05)
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)


class Site:
    """An HTTP server: `pages` by path, each a function that is given the request and answers it; `posts`,
    with the body too. `asked`: the paths of pages that were, with the header Authorization."""

    def __init__(self) -> None:
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.posts: dict[str, Callable[[BaseHTTPRequestHandler, bytes], None]] = {}
        self.asked: list[tuple[str, str | None]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.asked.append((self.path, self.headers["Authorization"]))
                self.close_connection = True
                with contextlib.suppress(OSError):
                    site.pages.get(self.path, lambda request: answer(request, 404, b""))(self)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                self.close_connection = True
                with contextlib.suppress(OSError):
                    site.posts[self.path](self, body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def put(
        self,
        path: str,
        data: bytes,
        kind: str = "application/octet-stream",
        status: int = 200,
        **headers: str,
    ) -> None:
        self.pages[path] = lambda request: answer(request, status, data, kind, **headers)


def answer(
    request: BaseHTTPRequestHandler, status: int, data: bytes, kind: str = "text/plain", **headers: str
) -> None:
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(data)))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(data)


def behind_a_password(
    page: Callable[[BaseHTTPRequestHandler], None], user: str, password: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Basic authentication."""
    wanted = "Basic " + b64encode(f"{user}:{password}".encode()).decode()

    def ask(request: BaseHTTPRequestHandler) -> None:
        if request.headers["Authorization"] == wanted:
            page(request)
        else:
            answer(request, 401, b"", WWW_Authenticate='Basic realm="camera"')

    return ask


def behind_a_digest(
    page: Callable[[BaseHTTPRequestHandler], None], user: str, password: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Digest authentication (RFC 7616) with MD5, as cameras have it."""

    def digest(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    def ask(request: BaseHTTPRequestHandler) -> None:
        said = parse_keqv_list(
            parse_http_list((request.headers["Authorization"] or "").removeprefix("Digest "))
        )
        counted = ":".join(said.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
        first, second = digest(f"{user}:camera:{password}"), digest(f"GET:{request.path}")
        if said.get("response") == digest(f"{first}:{counted}:{second}"):
            page(request)
        else:
            wanted = 'Digest realm="camera", nonce="abc", qop="auth", algorithm=MD5'
            answer(request, 401, b"", WWW_Authenticate=wanted)

    return ask


def mjpeg(pictures: Iterable[np.ndarray], rate: float) -> Callable[[BaseHTTPRequestHandler], None]:
    """Pictures as cameras send them over HTTP, `rate` a second, again and again."""
    encoded = [cv2.imencode(".jpg", picture[:, :, ::-1])[1].tobytes() for picture in pictures]

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        request.end_headers()
        begin = time.monotonic()
        for number in range(100_000):
            data = encoded[number % len(encoded)]
            head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            request.wfile.write(head.encode() + data + b"\r\n")
            time.sleep(max(0.0, begin + (number + 1) / rate - time.monotonic()))

    return send


def segments(path: Path, folder: Path, *, seconds: float = 1.0) -> list[bytes]:
    """A film as segments of HLS."""
    with (
        av.open(str(path)) as source,
        av.open(
            str(folder / "index.m3u8"),
            "w",
            format="hls",
            options={"hls_time": str(seconds), "hls_list_size": "0"},
        ) as target,
    ):
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.size:
                packet.stream = copied
                target.mux(packet)
    return [file.read_bytes() for file in sorted(folder.glob("*.ts"), key=lambda one: int(one.stem[5:]))]


def playlist(names: Iterable[str], *, seconds: float = 1.0, first: int = 0) -> bytes:
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{max(1, round(seconds))}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
    ]
    for name in names:
        lines += [f"#EXTINF:{seconds},", name]
    return "\n".join([*lines, ""]).encode()


def reader(
    source: str,
    *,
    rate: float = 4.0,
    networks: AllowedNetworks = PRIVATE,
    trust: SourceTrust | None = None,
    folders: Iterable[Path] = (),
    fast: bool = True,
) -> LiveReader:
    """A reader whose first tries again follow soon."""
    return LiveReader(
        SourceAddress.parse(source),
        rate=rate,
        networks=networks,
        trust=trust,
        folders=AllowedFolders(tuple(folders)),
        retries=Retries(lambda: 0.0) if fast else None,
    )


def sample(live: LiveReader) -> LiveSample:
    """The next, which is waited for."""
    deadline = time.monotonic() + PATIENCE
    while (found := live.ask(1.0)) is None:
        assert time.monotonic() < deadline, f"no sample: {live.state}"
    return found


def state(live: LiveReader, holds: Callable[[SourceState], object]) -> SourceState:
    """The first state for which it holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds(seen := live.state):
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
    return seen
