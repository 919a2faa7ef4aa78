"""Pictures with what was found in them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from regard.errors import RegardError

_COLOUR = (255, 196, 0)
_INK = (24, 24, 24)


@dataclass(frozen=True, slots=True)
class Mark:
    """A box and the points in it, all as fractions of the picture, with a caption.

    `outline` is drawn in place of the box, where there is one.
    """

    box: Mapping[str, float]
    caption: str
    points: Sequence[Mapping[str, Any]] = ()
    outline: Sequence[Mapping[str, Any]] = ()


def draw(picture: bytes, marks: Sequence[Mark], target: Path) -> None:
    """Writes the picture, upright, with the marks on it. Raises RegardError when it can't be written."""
    canvas = ImageOps.exif_transpose(Image.open(io.BytesIO(picture))).convert("RGB")
    pen = ImageDraw.Draw(canvas)
    line = max(2, round(max(canvas.size) / 500))
    for mark in marks:
        _draw_mark(pen, canvas.size, mark, line)
    try:
        canvas.save(target)
    except (OSError, ValueError) as error:
        raise RegardError(
            f"{target} can't be written: give a .png or .jpg in a folder that exists."
        ) from error


def _draw_mark(pen: ImageDraw.ImageDraw, size: tuple[int, int], mark: Mark, line: int) -> None:
    width, height = size
    left, top = mark.box["Left"] * width, mark.box["Top"] * height
    right, bottom = left + mark.box["Width"] * width, top + mark.box["Height"] * height
    if mark.outline:
        corners = [(point["X"] * width, point["Y"] * height) for point in mark.outline]
        pen.line([*corners, *corners[:2]], fill=_COLOUR, width=line, joint="curve")
    else:
        pen.rectangle((left, top, right, bottom), outline=_COLOUR, width=line)
    radius = max(1.5, (right - left) / 60)
    for point in mark.points:
        x, y = point["X"] * width, point["Y"] * height
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_COLOUR)
    font = ImageFont.load_default(size=max(11, min(line * 7, (right - left) / 4)))
    text = pen.textbbox((0, 0), mark.caption, font=font)
    above = top - (text[3] + line) if top > text[3] + line else bottom
    pen.rectangle((left, above, left + text[2] + 2 * line, above + text[3] + line), fill=_COLOUR)
    pen.text((left + line, above), mark.caption, font=font, fill=_INK)
