"""Pictures: what is decoded, how, and what is refused before it costs anything."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from regard.vision.image import ImageError, ImageTooLarge, ImageTooSmall, UnsupportedImage, decode_image
from tests.vision.drawn import close, encoded, gradient


def test_a_png_is_decoded_exactly() -> None:
    data = encoded(gradient())
    image = decode_image(data)
    assert np.array_equal(image.pixels, np.asarray(gradient()))
    assert (image.width, image.height) == (120, 90)
    assert image.digest == hashlib.sha256(data).hexdigest()
    assert image.pixels.flags.c_contiguous


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 95}])
def test_a_jpeg_is_decoded(options: dict[str, Any]) -> None:
    assert close(decode_image(encoded(gradient(), "JPEG", **options)), gradient())


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_of_another_colour_space_is_decoded(mode: str) -> None:
    picture = gradient().convert(mode)
    assert close(decode_image(encoded(picture, "JPEG", quality=95)), picture)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_a_png_of_any_colour_type_is_decoded(mode: str) -> None:
    picture = gradient().convert(mode)
    assert close(decode_image(encoded(picture)), picture)


def test_sixteen_bits_are_cut_to_eight() -> None:
    grey = np.linspace(0, 65535, 120 * 90).reshape(90, 120).astype(np.uint16)
    image = decode_image(encoded(Pillow.fromarray(grey)))
    assert np.array_equal(image.pixels[..., 1], (grey >> 8).astype(np.uint8))


def test_the_first_picture_of_an_animation_is_taken() -> None:
    frames = [Pillow.new("RGB", (100, 100), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    data = encoded(frames[0], save_all=True, append_images=frames[1:])
    assert decode_image(data).pixels[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    undo = {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_90,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_270,
    }
    stored = gradient().transpose(undo[orientation]) if orientation in undo else gradient()
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    assert close(decode_image(encoded(stored, kind, exif=exif)), gradient())


def test_a_damaged_exif_block_does_not_spoil_the_picture() -> None:
    assert close(decode_image(encoded(gradient(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")), gradient())


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "TIFF"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(UnsupportedImage):
        decode_image(encoded(gradient(), kind))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"not a picture", b"<svg/>"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedImage):
        decode_image(data)


def test_a_bomb_is_refused_by_its_header() -> None:
    header = b"IHDR" + (50_000).to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00"
    bomb = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + header + zlib.crc32(header).to_bytes(4)
    with pytest.raises(ImageTooLarge):
        decode_image(bomb)


def test_limits_are_the_callers() -> None:
    data = encoded(gradient(120, 90))
    with pytest.raises(ImageTooLarge):
        decode_image(data, max_side=119)
    with pytest.raises(ImageTooLarge):
        decode_image(data, max_pixels=120 * 90 - 1)
    with pytest.raises(ImageTooSmall):
        decode_image(data, min_side=91)
    assert decode_image(data, max_side=120, max_pixels=120 * 90, min_side=90).width == 120


def test_a_side_has_80_pixels_unless_somebody_asks_for_less() -> None:
    assert decode_image(encoded(gradient(80, 80))).width == 80
    with pytest.raises(ImageTooSmall):
        decode_image(encoded(gradient(80, 79)))


SEEDS = [encoded(gradient(), "JPEG"), encoded(gradient(), "JPEG", progressive=True), encoded(gradient())]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_bytes_raise_nothing_but_image_errors(data: st.DataObject) -> None:
    damaged = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        damaged = damaged or bytearray(b"\0")
    try:
        image = decode_image(bytes(damaged), max_side=2_000)
    except ImageError:
        return
    assert image.pixels.ndim == 3
    assert image.pixels.dtype == np.uint8


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_image_errors(data: bytes) -> None:
    for magic in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(ImageError):
            decode_image(magic + data)
