"""The picture of a query: upright, without what a camera writes into it, and one face of it cut out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from regard.console.heif import can_read_heif, is_heif, read_heif
from regard.errors import ValidationException

SENT_SIDE: Final = 2048
"""Pixels of the longer side of a picture that is sent, unless the original is."""
_MAX_PIXELS: Final = 100_000_000
_PROBE_SIDE: Final = 480  # pixels
_MARGIN: Final = 2.0  # the probe's side in sides of the face's box: reviewers are shown 1.8
_OVERVIEW_SIDE: Final = 720
_QUALITY: Final = 92
_GREY: Final = (128, 128, 128)
_UNREADABLE: Final = (
    UnidentifiedImageError,
    Pillow.DecompressionBombError,
    OSError,
    ValueError,
    SyntaxError,
    RuntimeError,
    EOFError,
)
"""What Pillow and libheif raise for what they can't read."""
_LINE, _EDGE = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face in a picture, in pixels from the picture's upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def side(self) -> float:
        """The longer side."""
        return max(self.width, self.height)

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, in whole pixels."""
        right, bottom = self.left + self.width, self.top + self.height
        return round(self.left), round(self.top), round(right), round(bottom)


def upright_picture(content: bytes, say_refusal: str, *, side: int | None = SENT_SIDE) -> Pillow.Image:
    """A JPEG, PNG, or HEIC where that is installed, as RGB pixels, turned as its EXIF says, no larger than
    `side`; None keeps its size.

    Raises ValidationException with `say_refusal` for what is no such picture, or has too many pixels.
    """
    try:
        if is_heif(content) and can_read_heif():
            picture = read_heif(content, max_pixels=_MAX_PIXELS)
        else:
            opened = Pillow.open(io.BytesIO(content), formats=("JPEG", "PNG"))
            if opened.width * opened.height > _MAX_PIXELS:
                raise ValidationException(say_refusal)
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except _UNREADABLE as error:
        raise ValidationException(say_refusal) from error
    if side is not None and max(picture.size) > side:
        picture.thumbnail((side, side), Pillow.Resampling.LANCZOS)
    return picture


def jpeg(picture: Pillow.Image) -> bytes:
    """The picture encoded anew, without metadata."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def cut_probe(picture: Pillow.Image, face: FaceBox, others: Sequence[FaceBox]) -> bytes:
    """One face with its surroundings, a JPEG of at most 480 × 480: other faces are painted over in grey."""
    covered = picture.copy()
    pen = ImageDraw.Draw(covered)
    for other in others:
        pen.rectangle(other.corners, fill=_GREY)
    covered.paste(picture.crop(face.corners), face.corners[:2])
    half = _MARGIN * face.side / 2
    across, down = face.left + face.width / 2, face.top + face.height / 2
    left, top = max(0, round(across - half)), max(0, round(down - half))
    right, bottom = min(picture.width, round(across + half)), min(picture.height, round(down + half))
    cut = covered.crop((left, top, right, bottom))
    cut.thumbnail((_PROBE_SIDE, _PROBE_SIDE), Pillow.Resampling.LANCZOS)
    return jpeg(cut)


def overview(picture: Pillow.Image, faces: Sequence[FaceBox]) -> bytes:
    """The whole picture, at most 720 pixels on its longer side, with each face framed and numbered."""
    drawn = picture.copy()
    drawn.thumbnail((_OVERVIEW_SIDE, _OVERVIEW_SIDE), Pillow.Resampling.LANCZOS)
    scale = drawn.width / picture.width
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(22)
    for number, face in enumerate(faces, 1):
        left, top, right, bottom = (round(edge * scale) for edge in face.corners)
        pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=_EDGE, width=4)
        pen.rectangle((left, top, right, bottom), outline=_LINE, width=2)
        label = pen.textbbox((left, top), f" {number} ", font, anchor="lb")
        pen.rectangle(label, fill=_EDGE)
        pen.text((left, top), f" {number} ", _LINE, font, anchor="lb")
    return jpeg(drawn)
