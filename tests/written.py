"""Pictures with words drawn on them, and where each word is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont


@dataclass(frozen=True, slots=True)
class Written:
    """A word and its corners (4, 2) in px, from its own top left one clockwise."""

    text: str
    quad: np.ndarray


def write(
    lines: Sequence[str],
    *,
    size: int = 40,
    place: tuple[float, float] = (60, 60),
    on: Image.Image | None = None,
    ink: tuple[int, int, int] = (20, 20, 60),
) -> tuple[Image.Image, list[Written]]:
    """Lines of words under each other; a word is as high as a capital and a descender."""
    page = Image.new("RGB", (900, 500), (235, 230, 220)) if on is None else on.copy()
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=size)
    words = []
    for number, line in enumerate(lines):
        x, y = place[0], place[1] + 1.8 * size * number
        _, top, _, bottom = pen.textbbox((x, y), "Hg", font=font)
        for word in line.split():
            left, _, right, _ = pen.textbbox((x, y), word, font=font)
            pen.text((x, y), word, font=font, fill=ink)
            quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
            words.append(Written(word, quad))
            x = right + size / 3.5
    return page, words


def turned(page: Image.Image, words: Sequence[Written], degrees: float) -> tuple[Image.Image, list[Written]]:
    """The whole page turned clockwise, and where its words are then."""
    middle = (page.width / 2, page.height / 2)
    warp = cv2.getRotationMatrix2D(middle, -degrees, 1.0)
    cos, sin = abs(warp[0, 0]), abs(warp[0, 1])
    width, height = (
        round(page.width * cos + page.height * sin),
        round(page.width * sin + page.height * cos),
    )
    warp[:, 2] += (width / 2 - middle[0], height / 2 - middle[1])
    pixels = cv2.warpAffine(np.asarray(page), warp, (width, height), borderValue=(235, 230, 220))
    moved = [Written(word.text, word.quad @ warp[:, :2].T + warp[:, 2]) for word in words]
    return Image.fromarray(np.asarray(pixels, np.uint8)), moved


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two convex quads."""
    shared, _ = cv2.intersectConvexConvex(np.float32(one), np.float32(other))
    return float(shared / (cv2.contourArea(np.float32(one)) + cv2.contourArea(np.float32(other)) - shared))
