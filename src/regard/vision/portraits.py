"""Faces cut out for people to compare: square, upright, all alike in size, with nothing else on them."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image as Pillow

from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.pixels import GREY, resize

KEPT_SIDE: Final = 256
"""Pixels of a portrait as it is kept."""
SHOWN_SIDE: Final = 400
"""Pixels of a portrait as it is shown."""
_MARGIN: Final = 1.8  # the portrait's side in sides of the face's box: hair, ears and chin are on it
_QUALITY: Final = 92


def cut_portrait(image: Image, box: Box) -> bytes:
    """The face in `box`, in pixels of the picture, with a margin: a JPEG of 256 × 256 without metadata.

    What lies outside of the picture is grey.
    """
    side = max(1, round(_MARGIN * max(box.width, box.height)))
    left = round(box.left + box.width / 2 - side / 2)
    top = round(box.top + box.height / 2 - side / 2)
    square = np.full((side, side, 3), GREY, np.uint8)
    first_x, first_y = max(left, 0), max(top, 0)
    last_x, last_y = min(left + side, image.width), min(top + side, image.height)
    if first_x < last_x and first_y < last_y:
        square[first_y - top : last_y - top, first_x - left : last_x - left] = image.pixels[
            first_y:last_y, first_x:last_x
        ]
    if side > KEPT_SIDE:
        return _encode(Pillow.fromarray(resize(square, KEPT_SIDE, KEPT_SIDE)))
    return _encode(_scaled(Pillow.fromarray(square), KEPT_SIDE))


def shown_portrait(kept: bytes) -> bytes:
    """A portrait as reviewers are served it: encoded anew, a JPEG of 400 × 400 without metadata."""
    return _encode(_scaled(Pillow.open(io.BytesIO(kept)).convert("RGB"), SHOWN_SIDE))


def _scaled(picture: Pillow.Image, side: int) -> Pillow.Image:
    return picture.resize((side, side), Pillow.Resampling.BICUBIC)


def _encode(picture: Pillow.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
