"""Files whose end is missing: what is there is analysed, when that is most of the picture."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from regard.vision.image import ImageCutOff, decode_image
from regard.vision.image.transparency import GREY
from tests.scenes import PICTURES
from tests.vision.drawn import encoded, gradient

KINDS = {
    "JPEG": {"kind": "JPEG"},
    "progressive": {"kind": "JPEG", "progressive": True},
    "grey": {"kind": "JPEG"},
    "CMYK": {"kind": "JPEG"},
    "PNG": {"kind": "PNG"},
}


def photo(mode: str = "RGB") -> Pillow.Image:
    return Pillow.open(PICTURES / "astronaut.jpg").convert(mode)


@pytest.fixture(params=KINDS)
def whole(request: pytest.FixtureRequest) -> bytes:
    mode = {"grey": "L", "CMYK": "CMYK"}.get(request.param, "RGB")
    options: dict[str, Any] = KINDS[request.param]
    return encoded(photo(mode), **options)


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_picture_without_its_end_mark_is_whole(whole: bytes, missing: int) -> None:
    difference = decode_image(whole[:-missing]).pixels.astype(int) - decode_image(whole).pixels
    # A byte of the last block may be missing, too.
    assert np.abs(difference[:-16]).max() == 0
    assert np.abs(difference).mean() < 0.1


def test_rows_that_are_there_are_kept_and_the_others_are_grey() -> None:
    for kind in ("JPEG", "PNG"):
        data = encoded(photo(), kind)
        pixels, full = decode_image(data[: int(0.8 * len(data))]).pixels, decode_image(data).pixels
        assert pixels.shape == full.shape
        assert np.array_equal(pixels[: len(full) // 2], full[: len(full) // 2])
        assert (pixels[-16:] == GREY).all()


def test_a_progressive_picture_that_is_cut_off_is_coarser() -> None:
    data = encoded(photo(), "JPEG", progressive=True)
    difference = decode_image(data[: int(0.6 * len(data))]).pixels.astype(int) - decode_image(data).pixels
    assert 0 < np.abs(difference).mean() < 6


def test_a_picture_of_which_too_little_is_there_is_said_to_be_cut_off(whole: bytes) -> None:
    with pytest.raises(ImageCutOff, match="cut off"):
        decode_image(whole[: len(whole) // 10])


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_header_alone_is_cut_off(kind: str) -> None:
    data = encoded(photo(), kind)
    begin = data.index({"JPEG": b"\xff\xda", "PNG": b"IDAT"}[kind])
    with pytest.raises(ImageCutOff):
        decode_image(data[:begin])


def test_an_end_mark_behind_a_part_of_a_picture_makes_it_no_whole() -> None:
    data = encoded(photo(), "JPEG")
    with pytest.raises(ImageCutOff):
        decode_image(data[: len(data) // 4] + b"\xff\xd9")
    assert decode_image(data[: 4 * len(data) // 5] + b"\xff\xd9").width == photo().width


@pytest.mark.parametrize("end", [0, 2])
def test_a_plain_lower_half_is_not_missing(end: int) -> None:
    page = gradient(400, 300)
    for level in (0, GREY, 255):
        page.paste((level, level, level), (0, 100, 400, 300))
        data = encoded(page, "JPEG")
        assert np.abs(decode_image(data[: len(data) - end]).pixels[200:].astype(int) - level).max() <= 2


def test_an_interlaced_png_that_is_cut_off_is_refused() -> None:
    data = interlaced()
    assert decode_image(data).pixels[50, 50].tolist() == [255, 255, 255]
    with pytest.raises(ImageCutOff):
        decode_image(data[:-1500])


def test_a_jpeg_with_a_scan_for_each_component_needs_its_brightness() -> None:
    header, scans = in_three_scans()
    assert decode_image(header + b"".join(scans)).width == 160
    assert decode_image(header + b"".join(scans)[:-20]).width == 160
    with pytest.raises(ImageCutOff):
        decode_image(header + scans[0] + scans[1][:-20])
    with pytest.raises(ImageCutOff):
        decode_image(header + scans[0][:-20])


def interlaced(side: int = 100) -> bytes:
    """A white picture in the seven passes of Adam7."""
    rows = b""
    for left, top, across, down in [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ]:  # fmt: skip
        width, height = len(range(left, side, across)), len(range(top, side, down))
        rows += (b"\0" + b"\xff" * width) * height
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def in_three_scans() -> tuple[bytes, list[bytes]]:
    """A plain baseline JPEG of 160 × 160 pixels whose components follow each other."""
    table = b"\1" + bytes(15) + b"\0"  # one code, of one bit, that says: nothing
    segments = [
        b"\xff\xdb\0\x43\0" + b"\1" * 64,
        b"\xff\xc0\0\x11\x08" + struct.pack(">HH", 160, 160) + b"\3\1\x11\0\2\x11\0\3\x11\0",
        b"\xff\xc4\0\x14\0" + table,
        b"\xff\xc4\0\x14\x10" + table,
    ]
    blocks = bytes(20 * 20 * 2 // 8)
    scans = [b"\xff\xda\0\x08\1" + bytes([number]) + b"\0\0\x3f\0" + blocks for number in (1, 2, 3)]
    return b"\xff\xd8" + b"".join(segments), scans
