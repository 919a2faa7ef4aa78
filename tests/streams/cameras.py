"""Cameras of the tests' own: a video in which somebody walks through, again and again."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from tests.video.conftest import backdrop, person, put

WIDTH, HEIGHT, RATE = 640, 360, 25


def record_walk(file: Path, *, who: str = "astronaut", seconds: int = 4, enters: float = 0.5) -> None:
    """A scene with sensor noise; somebody walks from the left to the right from second `enters` on."""
    empty, walker, random = backdrop("grass", WIDTH, HEIGHT), person(who, 300), np.random.default_rng(0)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"g": str(RATE), "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(seconds * RATE):
            frame = empty.copy()
            after = number / RATE - enters
            if after >= 0:
                put(frame, walker, round(-250 + 260 * after), 60)
            noisy = frame.astype(np.int16) + random.integers(-2, 3, frame.shape)
            picture = av.VideoFrame.from_ndarray(np.clip(noisy, 0, 255).astype(np.uint8), "rgb24")
            for packet in stream.encode(picture):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
