"""Drawn pictures for shots and technical cues: no photo, no font but Pillow's own."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Picture = np.ndarray  # (height, width, 3), uint8, RGB
WIDTH, HEIGHT = 320, 180
BLACK = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def scene(seed: int) -> Picture:
    """Soft colours and shapes, twice as wide and high as a frame, unlike those of any other seed."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 235, (5, 8, 3), np.uint8)
    picture = cv2.resize(coarse, (2 * WIDTH, 2 * HEIGHT), interpolation=cv2.INTER_CUBIC)
    for _ in range(25):
        colour = tuple(int(value) for value in random.integers(0, 255, 3))
        place = (int(random.integers(2 * WIDTH)), int(random.integers(2 * HEIGHT)))
        cv2.circle(picture, place, int(random.integers(8, 60)), colour, -1)
    return picture


def shot(seed: int, length: int, *, step: tuple[float, float] = (0, 0), zoom: float = 1.0) -> list[Picture]:
    """`length` frames of a scene, seen by a camera that moves by `step` px a frame."""
    whole = scene(seed)
    frames = []
    for at in range(length):
        scale = zoom**at
        wide, high = WIDTH / scale, HEIGHT / scale
        left = min(max(WIDTH / 2 + step[0] * at - (wide - WIDTH) / 2, 0), 2 * WIDTH - wide)
        top = min(max(HEIGHT / 2 + step[1] * at - (high - HEIGHT) / 2, 0), 2 * HEIGHT - high)
        matrix = np.array([[1 / scale, 0, left], [0, 1 / scale, top]])
        frames.append(
            cv2.warpAffine(whole, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        )
    return frames


def mixed(first: Picture, second: Picture, share: float) -> Picture:
    return cv2.addWeighted(first, 1 - share, second, share, 0)


def dissolved(first: Sequence[Picture], second: Sequence[Picture], length: int) -> list[Picture]:
    """The second shot begins to show `length` frames before the first ends."""
    between = [
        mixed(one, other, (at + 1) / (length + 1))
        for at, (one, other) in enumerate(zip(first[-length:], second[:length], strict=True))
    ]
    return [*first[:-length], *between, *second[length:]]


def faded(first: Sequence[Picture], second: Sequence[Picture], length: int, dark: int) -> list[Picture]:
    """Out to black in `length` frames, `dark` frames of it, and in again."""
    out = [mixed(frame, BLACK, (at + 1) / length) for at, frame in enumerate(first[-length:])]
    back = [mixed(BLACK, frame, at / length) for at, frame in enumerate(second[:length])]
    return [*first[:-length], *out, *[BLACK] * dark, *back, *second[length:]]


def bars(level: int = 191) -> Picture:
    """SMPTE colour bars."""
    picture = BLACK.copy()
    for number, code in enumerate(["111", "110", "011", "010", "101", "100", "001"]):
        picture[:, number * WIDTH // 7 : (number + 1) * WIDTH // 7] = [level * int(bit) for bit in code]
    picture[HEIGHT * 3 // 4 :] = 16
    return picture


def page(
    lines: Sequence[str],
    *,
    ground: tuple[int, int, int] = (0, 0, 0),
    top: float = 0.2,
    left: float | None = None,
) -> tuple[Picture, list[tuple[float, float, float, float]]]:
    """Lines of white text, in the middle or from `left` on, and their boxes in parts of the frame."""
    image = Image.new("RGB", (WIDTH, HEIGHT), ground)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=12)
    boxes = []
    for number, line in enumerate(lines):
        place = (WIDTH * (0.5 if left is None else left), HEIGHT * top + 18 * number)
        anchor = "mt" if left is None else "lt"
        x0, y0, x1, y1 = pen.textbbox(place, line, font=font, anchor=anchor)
        if y1 < 0 or y0 > HEIGHT:
            continue
        pen.text(place, line, font=font, fill=(235, 235, 235), anchor=anchor)
        boxes.append((x0 / WIDTH, y0 / HEIGHT, (x1 - x0) / WIDTH, (y1 - y0) / HEIGHT))
    return np.asarray(image), boxes


def mark(*, ground: tuple[int, int, int] = (0, 0, 0)) -> Picture:
    """A logo in the middle of one colour."""
    picture = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    cv2.circle(picture, (WIDTH // 2, HEIGHT // 2), 34, (210, 60, 40), -1)
    cv2.circle(picture, (WIDTH // 2, HEIGHT // 2), 18, (240, 220, 80), -1)
    return picture
