"""Transparent parts are laid on a ground from which what is opaque stands out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from regard.vision.image import decode_image
from regard.vision.image.transparency import BLACK, GREY, WHITE
from tests.scenes import PICTURES
from tests.vision.drawn import encoded

Ink = tuple[int, int, int]
LIGHT, DARK = (255, 255, 255), (10, 10, 10)


def lettering(*inks: Ink, alpha: int = 255, shadow: int = 0) -> Pillow.Image:
    """A line in each ink on a transparent page, with a dark outline of `shadow` pixels."""
    page = Pillow.new("RGBA", (400, 100 * len(inks)), (*LIGHT, 0))
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=40)
    outline: Any = {"stroke_width": shadow, "stroke_fill": (*DARK, alpha)}
    for number, ink in enumerate(inks):
        pen.text((20, 100 * number + 20), "Open 24 hours", font=font, fill=(*ink, alpha), **outline)
    return page


def ground(picture: Pillow.Image, **options: Any) -> int:
    """The level of the upper left corner, which is transparent."""
    corner = decode_image(encoded(picture, **options)).pixels[0, 0]
    assert len(set(corner.tolist())) == 1
    return int(corner[0])


@pytest.mark.parametrize(
    ("inks", "expected"),
    [
        ([DARK], WHITE),
        ([(200, 0, 0)], WHITE),
        ([(0, 110, 200)], WHITE),
        ([LIGHT], BLACK),
        ([(230, 230, 90)], BLACK),
        ([(200, 200, 200)], BLACK),
        ([LIGHT, DARK], GREY),
    ],
)
def test_letters_stand_out_from_their_ground(inks: list[Ink], expected: int) -> None:
    assert ground(lettering(*inks)) == expected


@pytest.mark.parametrize("mode", ["LA", "PA", "P"])
def test_light_letters_stand_out_in_any_colour_type(mode: str) -> None:
    page = lettering(LIGHT)
    picture = page.quantize(16) if mode == "P" else page.convert("LA")
    assert ground(picture) == BLACK


@pytest.mark.parametrize("depth", [1, 8, 16])
def test_light_letters_stand_out_from_a_colour_that_stands_for_transparency(depth: int) -> None:
    alpha = np.asarray(lettering(LIGHT))[..., 3] > 127
    levels: Any = {1: alpha, 8: np.where(alpha, 255, 254).astype(np.uint8)}.get(depth)
    if depth == 16:
        levels = np.where(alpha, 65_535, 65_000).astype(np.uint16)
    key = {1: 0, 8: 254, 16: 65_000}[depth]
    assert ground(Pillow.fromarray(levels), transparency=key) == BLACK


def test_faint_letters_stand_out() -> None:
    assert ground(lettering(LIGHT, alpha=90)) == BLACK


def test_an_outline_is_what_must_stand_out() -> None:
    assert ground(lettering(LIGHT, shadow=3)) == WHITE


def test_what_is_inside_doesnt_change_the_ground() -> None:
    photo = Pillow.open(PICTURES / "astronaut.jpg").convert("RGBA")
    page = Pillow.new("RGBA", (photo.width + 40, photo.height + 40), (*DARK, 0))
    page.paste((60, 60, 60, 255), (10, 10, page.width - 10, page.height - 10))
    page.paste(photo, (20, 20))
    assert ground(page) == WHITE


def test_a_page_that_is_all_transparent_is_white() -> None:
    assert ground(Pillow.new("RGBA", (100, 100), (200, 0, 0, 0))) == WHITE


def test_half_transparent_parts_are_mixed_with_the_ground() -> None:
    picture = Pillow.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((0, 100, 0, 255), (0, 0, 50, 100))
    picture.paste((0, 100, 0, 102), (0, 50, 50, 100))
    pixels = decode_image(encoded(picture)).pixels
    assert pixels[25, 25].tolist() == [0, 100, 0]
    assert pixels[75, 25].tolist() == pytest.approx([153, 193, 153], abs=1)
    assert pixels[50, 75].tolist() == [WHITE] * 3


def test_the_transparent_colour_of_a_palette_is_laid_on_the_ground() -> None:
    picture = Pillow.new("P", (100, 100), 1)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    assert ground(picture, transparency=1) == WHITE
