"""Pictures that the tests draw, by what is on them, and buckets of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("circle", "stripes", "square")


def draw(shape: str, seed: int, size: tuple[int, int] = (200, 160)) -> bytes:
    """A JPEG of a shape, in colours, at a place and on noise that the seed gives."""
    return draw_boxed(shape, seed, size)[0]


def draw_boxed(
    shape: str, seed: int, size: tuple[int, int] = (200, 160)
) -> tuple[bytes, tuple[int, int, int, int]]:
    """The same, and where the shape is: left, top, width, height, px. Stripes are everywhere."""
    random = np.random.default_rng([seed, SHAPES.index(shape)])
    noise = random.integers(0, 90, (size[1], size[0], 3), np.uint8)
    canvas = Image.fromarray(noise)
    pen = ImageDraw.Draw(canvas)
    colour = tuple(int(one) for one in random.integers(150, 255, 3))
    left, top = (int(one) for one in random.integers(10, 60, 2))
    side = int(random.integers(60, 90))
    if shape == "circle":
        pen.ellipse((left, top, left + side, top + side), fill=colour)
    elif shape == "square":
        pen.rectangle((left, top, left + side, top + side), fill=colour)
    else:
        for across in range(int(random.integers(0, 12)), size[0], 24):
            pen.line((across, 0, across, size[1]), fill=colour, width=9)
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=85)
    return out.getvalue(), (0, 0, *size) if shape == "stripes" else (left, top, side, side)


def fill(folder: Path, count: int, *, first: int = 0) -> list[tuple[str, str]]:
    """So many pictures of each shape, as files; their names and shapes, in turn."""
    named = []
    for seed in range(first, first + count):
        for shape in SHAPES:
            name = f"{shape}-{seed:04}.jpg"
            (folder / name).write_bytes(draw(shape, seed))
            named.append((name, shape))
    return named
