"""Cameras of the tests' own: a video in which somebody walks through, again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from regard.video.live.picture import PictureI420
from regard.video.live.samples import LiveSample
from regard.video.reading.picture import Geometry
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


def walking_samples(count: int, *, who: str = "astronaut", begin: int = 1000) -> list[LiveSample]:
    """Samples of such a scene, a quarter of a second apart, in all of which somebody is to be seen."""
    return list(_samples([20 + 15 * number for number in range(count)], who, begin))


def staying_samples(count: int, *, who: str = "astronaut", begin: int = 1000) -> Iterator[LiveSample]:
    """The same of somebody who stays where eight steps have led them."""
    return _samples([125] * count, who, begin)


def _samples(places: Sequence[int], who: str, begin: int) -> Iterator[LiveSample]:
    empty, walker, now = backdrop("grass", WIDTH, HEIGHT), person(who, 300), time.time()
    for number, left in enumerate(places):
        frame = empty.copy()
        put(frame, walker, left, 60)
        moment = now + number / 4
        yield LiveSample(
            at=begin + 250 * number,
            arrived=moment,
            produced=moment,
            fragment=str(round(now * 1000)),
            fragment_produced=now,
            fragment_arrived=now,
            offset=number / 4,
            image=_shown(frame),
            moved=None,
            is_still=False,
            gap=False,
        )


def _shown(frame: np.ndarray) -> PictureI420:
    picture = av.VideoFrame.from_ndarray(frame, "rgb24").reformat(format="yuv420p")
    return PictureI420.of(picture, Geometry(picture, 0.0))
