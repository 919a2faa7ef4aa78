"""A short programme with two people of the free portraits, a sign, a cut and black frames at its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from tests.video import clips
from tests.video.conftest import backdrop, person, put

RATE = 25
FIRST, SECOND, DARK = 75, 50, 20  # frames: the astronaut walks; Hopper stands; nothing
CUT = 1000 * FIRST // RATE  # ms
WIDTH, HEIGHT = 960, 540


def frames() -> Iterator[np.ndarray]:
    sign = np.full((90, 300, 3), 245, np.uint8)
    cv2.putText(sign, "EXIT 42", (20, 62), cv2.FONT_HERSHEY_SIMPLEX, 2, (20, 20, 20), 5, cv2.LINE_AA)
    for number in range(FIRST):
        frame = backdrop("grass", WIDTH, HEIGHT)
        put(frame, sign, 620, 30)
        put(frame, person("astronaut", 340), 20 + 4 * number, 190)
        yield frame
    for number in range(SECOND):
        frame = backdrop("brick", WIDTH, HEIGHT)
        put(frame, person("hopper", 380), 400 + number, 150)
        yield frame
    for _ in range(DARK):
        yield np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def write(file: Path) -> Path:
    return clips.write(file, frames(), rate=RATE, options={"crf": "18"})
