"""Pictures with what was found in them."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from regard.errors import RegardError
from regard.presentation.captions import Place, Rectangle, place_captions
from regard.presentation.colours import AMBER, Colour
from regard.presentation.wording import printable

_DARK, _LIGHT = (24, 24, 24), (255, 255, 255)
_QUALITY = 85
_MAX_LETTERS = 32  # of a caption


@dataclass(frozen=True, slots=True)
class Mark:
    """A box and the points in it, all as fractions of the picture, with a caption.

    `outline` is drawn in place of the box, where there is one. `brief` is the caption where there is no room
    for the whole of it.
    """

    box: Mapping[str, float]
    caption: str
    points: Sequence[Mapping[str, Any]] = ()
    outline: Sequence[Mapping[str, Any]] = ()
    colour: Colour = AMBER
    brief: str = ""


def draw(
    picture: bytes,
    marks: Sequence[Mark],
    target: Path,
    *,
    min_side: int = 0,
    legend: Mapping[str, Colour] | None = None,
) -> None:
    """Writes the picture, upright, with the marks on it. Raises RegardError when it can't be written.

    A picture whose longer side has fewer than `min_side` pixels is enlarged, so that captions can be read.
    `legend`: what the colours stand for, in a strip below the picture.
    """
    canvas = _marked(picture, marks, min_side, legend)
    try:
        canvas.save(target)
    except (OSError, ValueError) as error:
        raise RegardError(
            f"{target} can't be written: give a .png or .jpg in a folder that exists."
        ) from error


def marked_jpeg(
    picture: bytes,
    marks: Sequence[Mark],
    *,
    side: int,
    legend: Mapping[str, Colour] | None = None,
) -> tuple[bytes, tuple[int, int]]:
    """The same as a JPEG whose longer side has `side` pixels, without metadata, and its width and height."""
    canvas = _marked(picture, marks, side, legend, max_side=side)
    written = io.BytesIO()
    canvas.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue(), canvas.size


def _marked(
    picture: bytes,
    marks: Sequence[Mark],
    min_side: int,
    legend: Mapping[str, Colour] | None,
    *,
    max_side: int | None = None,
) -> Image.Image:
    canvas = ImageOps.exif_transpose(Image.open(io.BytesIO(picture))).convert("RGB")
    longer = max(canvas.size)
    scale = max(min_side / longer, 1.0)
    if max_side is not None:
        scale = min(scale, max_side / longer)
    if scale != 1:
        size = max(1, round(canvas.width * scale)), max(1, round(canvas.height * scale))
        canvas = canvas.resize(size, Image.Resampling.LANCZOS)
    paint(canvas, marks)
    return _with_legend(canvas, legend, line_of(canvas.size)) if legend else canvas


def paint(
    canvas: Image.Image,
    marks: Sequence[Mark],
    *,
    kept: Sequence[Place | None] | None = None,
    corner: str = "",
) -> list[Place | None]:
    """Draws the marks on an RGB picture and answers where their captions are.

    For the frames of a video, `kept` are their places in the frame before; all captions are then of one size.
    `corner` is written at the lower left, and not covered.
    """
    pen = ImageDraw.Draw(canvas)
    line = line_of(canvas.size)
    boxes = [_pixels(mark.box, canvas.size) for mark in marks]
    for mark, box in zip(marks, boxes, strict=True):
        _draw_shape(pen, canvas.size, mark, box, line)
    taken = [_draw_corner(pen, canvas.size, corner, line)] if corner else []
    return _draw_captions(pen, canvas.size, marks, boxes, line, kept, taken)


def line_of(size: tuple[int, int]) -> int:
    """How wide lines are in a picture of that size, px."""
    return max(2, round(max(size) / 500))


def _draw_corner(pen: ImageDraw.ImageDraw, size: tuple[int, int], text: str, line: int) -> Rectangle:
    font = _font(line * 7)
    _, _, right, bottom = font.getbbox(text)
    place = (0, size[1] - bottom - 3 * line, right + 4 * line, size[1])
    pen.rectangle(place, fill=_DARK)
    pen.text((2 * line, place[1] + line), text, font=font, fill=_LIGHT)
    return place


def _pixels(box: Mapping[str, float], size: tuple[int, int]) -> Rectangle:
    width, height = size
    left, top = box["Left"] * width, box["Top"] * height
    return left, top, left + box["Width"] * width, top + box["Height"] * height


def _draw_shape(
    pen: ImageDraw.ImageDraw, size: tuple[int, int], mark: Mark, box: Rectangle, line: int
) -> None:
    width, height = size
    if mark.outline:
        corners = [(point["X"] * width, point["Y"] * height) for point in mark.outline]
        pen.line([*corners, *corners[:2]], fill=mark.colour, width=line, joint="curve")
    else:
        pen.rectangle(box, outline=mark.colour, width=line)
    radius = max(1.5, (box[2] - box[0]) / 60)
    for point in mark.points:
        x, y = point["X"] * width, point["Y"] * height
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=mark.colour)


def _draw_captions(
    pen: ImageDraw.ImageDraw,
    size: tuple[int, int],
    marks: Sequence[Mark],
    boxes: Sequence[Rectangle],
    line: int,
    kept: Sequence[Place | None] | None,
    taken: Sequence[Rectangle],
) -> list[Place | None]:
    if kept is None:
        fonts = [_font(max(11, line * 5, min(line * 7, (box[2] - box[0]) / 4))) for box in boxes]
    else:
        fonts = [_font(max(11, line * 6))] * len(boxes)
    forms = [[_shown(form) for form in (mark.caption, mark.brief) if form] for mark in marks]
    sizes = [[_size(form, font, line) for form in own] for own, font in zip(forms, fonts, strict=True)]
    places = place_captions(boxes, sizes, *size, kept=kept, taken=taken)
    for mark, own, font, box, place in zip(marks, forms, fonts, boxes, places, strict=True):
        if place is None:
            continue
        if _apart(place.box, box) > line:
            ends = [_nearest(place.box, box), _nearest(box, place.box)]
            pen.line(ends, fill=mark.colour, width=max(1, line // 2))
        pen.rectangle(place.box, fill=mark.colour)
        corner = place.box[0] + line, place.box[1]
        pen.text(corner, own[place.form], font=font, fill=_ink(mark.colour))
    return places


def _size(caption: str, font: ImageFont.FreeTypeFont, line: int) -> tuple[float, float]:
    _, _, right, bottom = font.getbbox(caption)
    return right + 2 * line, bottom + line


def _with_legend(canvas: Image.Image, legend: Mapping[str, Colour], line: int) -> Image.Image:
    font = _font(line * 7)
    down = round(font.getbbox("Ag")[3] + 3 * line)
    step = max(font.getbbox(name)[2] for name in legend) + down + 4 * line
    each = max(1, int((canvas.width - 2 * line) // step))  # names in a row
    rows = -(-len(legend) // each)
    whole = Image.new("RGB", (canvas.width, canvas.height + rows * down), _DARK)
    whole.paste(canvas)
    pen = ImageDraw.Draw(whole)
    for number, (name, colour) in enumerate(legend.items()):
        left, top = 2 * line + number % each * step, canvas.height + number // each * down
        side = down - 4 * line
        pen.rectangle((left, top + 2 * line, left + side, top + 2 * line + side), fill=colour)
        pen.text((left + side + 2 * line, top + line), name, font=font, fill=_LIGHT)
    return whole


def _apart(one: Rectangle, other: Rectangle) -> float:
    """How many px lie between two rectangles, across or down."""
    return max(one[0] - other[2], other[0] - one[2], one[1] - other[3], other[1] - one[3])


def _nearest(one: Rectangle, other: Rectangle) -> tuple[float, float]:
    """The point of a rectangle that is nearest to another's middle."""
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return min(max(x, one[0]), one[2]), min(max(y, one[1]), one[3])


def _ink(colour: Colour) -> Colour:
    red, green, blue = colour
    return _DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 110 else _LIGHT


def _shown(caption: str) -> str:
    """The caption as it can be drawn: not too long, without accents that the font does not have, and … for
    letters that it does not have.
    """
    drawn = ""
    for letter in printable(caption):
        plain = unicodedata.normalize("NFKD", letter)[0]
        shown = next((one for one in (letter, plain) if _has_letter(one)), "…")
        if shown != "…" or not drawn.endswith("…"):
            drawn += shown
    return drawn if len(drawn) <= _MAX_LETTERS else drawn[: _MAX_LETTERS - 1].rstrip() + "…"


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RegardError("Pillow was built without FreeType, and can't write captions; reinstall it.")
    return font


@cache
def _has_letter(letter: str) -> bool:
    """Whether the font draws it otherwise than what it does not know."""
    font = _font(16)
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask("\U0010fffd"))
