"""Which of the text that was read in a frame may be a slate's or a credit's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.video.segments.cue_watch import Box
from regard.vision.text import Line

_SURE = 80.0  # percent
_LETTERS = 3  # shapes and textures are taken for one or two
_TALLEST = 0.15  # of the frame


def text_boxes(lines: Sequence[Line], width: int, height: int) -> list[Box]:
    """The boxes, in parts of a frame of `width` × `height` px, of the lines that are text for sure."""
    boxes: list[Box] = []
    for line in lines:
        letters = sum(character.isalnum() for character in line.text)
        left, top = line.quad.min(0) / (width, height)
        across, down = np.ptp(line.quad, axis=0) / (width, height)
        if line.confidence >= _SURE and letters >= _LETTERS and down <= _TALLEST:
            boxes.append((float(left), float(top), float(across), float(down)))
    return boxes
