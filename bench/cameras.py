"""Cameras of the measurements' own: Motion JPEG over HTTP, before which somebody is 85 % of the time."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from tests.video.conftest import backdrop, person, put

RATE = 25
WIDTH, HEIGHT = 1280, 720
STRANGER, EMPTY, THERE = 3.8, 1.2, 3.0  # seconds of a round


@dataclass
class Scene:
    """The pictures of one round, JPEGs, and when each camera last began to show somebody."""

    pictures: list[bytes] = field(default_factory=list)
    appeared: dict[str, float] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The number of the first picture that shows who is enrolled."""
        return round((STRANGER + EMPTY) * RATE)


def make_scene() -> Scene:
    """A scene with sensor noise. A stranger walks through it; then nobody; then somebody who is enrolled is
    there from one picture to the next, and walks away.
    """
    empty, walker, stranger = (
        backdrop("grass", WIDTH, HEIGHT),
        person("astronaut", 380),
        person("hopper", 380),
    )
    random = np.random.default_rng(0)
    scene = Scene()
    for number in range(scene.first + round(THERE * RATE)):
        frame = empty.copy()
        if number < STRANGER * RATE:
            put(frame, stranger, 900 - 6 * number, 250)
        if number >= scene.first:
            put(frame, walker, 200 + 6 * (number - scene.first), 250)
        noisy = np.clip(frame.astype(np.int16) + random.integers(-2, 3, frame.shape), 0, 255)
        out = io.BytesIO()
        Image.fromarray(noisy.astype(np.uint8)).save(out, "JPEG", quality=80)
        scene.pictures.append(out.getvalue())
    return scene


@contextmanager
def cameras(scene: Scene) -> Iterator[str]:
    """The address below which every path is a camera, each at another place of the round."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
            self.end_headers()
            number = 37 * sum(self.path.encode()) % scene.first
            began = time.monotonic() - number / RATE
            try:
                while True:
                    time.sleep(max(0.0, began + number / RATE - time.monotonic()))
                    picture = scene.pictures[number % len(scene.pictures)]
                    if number % len(scene.pictures) == scene.first:
                        scene.appeared[self.path] = time.time()
                    head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(head.encode() + picture + b"\r\n")
                    number += 1
            except OSError:  # nobody reads it any more
                return

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
