"""Photos made from the free portraits: groups whose faces are known, and every kind of broken file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

PICTURES = Path(__file__).parent / "pictures"

# Heads in the portraits: the square that is pasted, and the face in it (left, top, right, bottom; pixels).
_HEADS = {
    "astronaut": ((120, 0, 330, 210), (170, 62, 276, 190)),
    "hopper": ((98, 50, 418, 370), (180, 128, 346, 314)),
}


@dataclass(frozen=True, slots=True)
class Pasted:
    """A face in a made photo: whose, and where (left, top, width, height; pixels)."""

    person: str
    box: tuple[float, float, float, float]


def portrait(person: str) -> Image.Image:
    return Image.open(PICTURES / f"{person}.jpg").convert("RGB")


def group(
    sizes: Sequence[int], *, width: int = 1280, height: int = 720, seed: int = 0
) -> tuple[Image.Image, list[Pasted]]:
    """Heads of the given sizes (pixels of the pasted square) in rows on a soft background, people in turn."""
    random = np.random.default_rng(seed)
    noise = random.integers(110, 150, (height // 80, width // 80, 3), np.uint8)
    photo = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    photo = photo.filter(ImageFilter.GaussianBlur(8))
    pasted: list[Pasted] = []
    left = top = 10
    row = 0
    for number, size in enumerate(sizes):
        person = ("astronaut", "hopper")[number % 2]
        if left + size > width:
            left, top, row = 10, top + row + 10, 0
        if top + size > height:
            raise ValueError("the photo is too small for so many heads")
        square, face = _HEADS[person]
        scale = size / (square[2] - square[0])
        head = portrait(person).crop(square).resize((size, size), Image.Resampling.LANCZOS)
        photo.paste(head, (left, top), _oval(size))
        pasted.append(
            Pasted(
                person,
                (
                    left + (face[0] - square[0]) * scale,
                    top + (face[1] - square[1]) * scale,
                    (face[2] - face[0]) * scale,
                    (face[3] - face[1]) * scale,
                ),
            )
        )
        left, row = left + size + 10, max(row, size)
    return photo, pasted


def jpeg(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **({"quality": 92} | options))
    return out.getvalue()


def png(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def _oval(size: int) -> Image.Image:
    """A soft mask, so that no pasted square has edges of its own."""
    y, x = np.mgrid[:size, :size] / (size - 1) * 2 - 1
    return Image.fromarray((np.clip((1.0 - np.hypot(x, y)) * 8, 0, 1) * 255).astype(np.uint8))
