"""What a stream processor sees, for people: small, with boxes, and with what is to be known of it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from regard.presentation.colours import VIDEO_COLOURS
from regard.presentation.drawing import Mark, paint

LONGER = 640
"""Pixels of the longer side."""
_QUALITY = 80


def draw_live(pixels: NDArray[np.uint8], marks: Sequence[Mark], corner: str) -> bytes:
    """A picture (H, W, 3), RGB, as a JPEG, with marks and a line of text in its corner."""
    canvas = Image.fromarray(pixels)
    canvas.thumbnail((LONGER, LONGER))
    paint(canvas, marks, corner=corner)
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def live_mark(box: dict[str, float], caption: str, *, is_match: bool) -> Mark:
    """A face, or what else was found; `box` as BoundingBox has it."""
    return Mark(box=box, caption=caption, colour=VIDEO_COLOURS["match" if is_match else "object"])
