"""Whether a picture is fit for its entry, and where the entry's boxes are on it."""

from __future__ import annotations

from typing import Final

from regard.custom.manifests.entry import DatasetEntry, LabelledBox
from regard.custom.manifests.faults import Fault, FaultCode
from regard.vision.geometry import Box

MIN_SIDE: Final = 64
MAX_SIDE: Final = 4096
MAX_BYTES: Final = 15 * 1024 * 1024
"""Of a picture in px, and in bytes, as Amazon has them."""
_MAX_RATIO: Final = 20
_TOLERANCE: Final = 0.02  # of an aspect ratio: thumbnails have whole pixels
_TURNED: Final = (5, 6, 7, 8)  # orientations that exchange the sides


def check_picture(entry: DatasetEntry, width: int, height: int, orientation: int = 1) -> Fault | None:
    """Why a picture can't be trained on, or None.

    `width` and `height` are in px of the upright picture, `orientation` is EXIF's. Boxes that were drawn on a
    picture of another shape are on another picture.
    """
    longer, shorter = max(width, height), min(width, height)
    if shorter < MIN_SIDE or longer > MAX_SIDE:
        code = FaultCode.INVALID_IMAGE_DIMENSION if entry.boxes else FaultCode.INVALID_IMAGE
        return Fault.of(code)
    if longer > _MAX_RATIO * shorter:
        return Fault.of(FaultCode.INVALID_IMAGE)
    if entry.boxes and _frame(entry, width, height, orientation) is None:
        return Fault.of(FaultCode.INVALID_IMAGE_DIMENSION)
    return None


def boxes_on(
    entry: DatasetEntry, width: int, height: int, orientation: int = 1
) -> tuple[LabelledBox, ...] | None:
    """The entry's boxes in px of the upright picture of `width` × `height`; None where they fit no way.

    However large the picture is that they were drawn on, they are scaled to this one. Boxes on a picture as
    it is stored, whose sides EXIF exchanges, are turned with it.
    """
    frame = _frame(entry, width, height, orientation)
    if frame is None:
        return None
    return tuple(
        LabelledBox(one.label, _scaled(_turned(one.box, frame), width, height)) for one in entry.boxes
    )


def _frame(entry: DatasetEntry, width: int, height: int, orientation: int) -> int | None:
    """The orientation by which the boxes are turned: 1 where they were drawn on the upright picture."""
    if entry.image_size is None:
        return 1
    drawn_width, drawn_height = entry.image_size
    if _is_alike(drawn_width / drawn_height, width / height):
        return 1
    if orientation in _TURNED and _is_alike(drawn_width / drawn_height, height / width):
        return orientation
    return None


def _is_alike(one: float, other: float) -> bool:
    return abs(one / other - 1) <= _TOLERANCE


def _turned(box: Box, orientation: int) -> Box:
    """A box in fractions of the stored picture, in those of the upright one (EXIF 2.32, tag 274)."""
    if orientation not in _TURNED:
        return box
    left = 1 - box.bottom if orientation in (6, 7) else box.top
    top = 1 - box.right if orientation in (7, 8) else box.left
    return Box(left, top, box.height, box.width)


def _scaled(box: Box, width: int, height: int) -> Box:
    return Box(box.left * width, box.top * height, box.width * width, box.height * height)
