"""What isn't the picture doesn't decide whether it is read."""

from __future__ import annotations

import os
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from regard.vision.image import ImageTooLarge, UnsupportedImage, decode_image
from regard.vision.image.jpeg import MAX_SCANS, MAX_SEGMENTS
from regard.vision.image.png import MAX_CHUNKS
from tests.vision.drawn import close, encoded, gradient

LONG = "a" * 3_000_000
XMP = '<x:xmpmeta><rdf:Description tiff:Orientation="3"/></x:xmpmeta>'


def texts(*entries: tuple[str, str], **options: Any) -> PngInfo:
    info = PngInfo()
    for keyword, text in entries:
        info.add_itxt(keyword, text, **options)
    return info


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_chunks(png: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    added = [
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    ]
    return png[:33] + b"".join(added) + png[33:]


@pytest.mark.parametrize(
    "options",
    [
        {"pnginfo": texts(("Comment", LONG), zip=True)},
        {"pnginfo": texts(("Comment", LONG))},
        {"pnginfo": texts(("XML:com.adobe.xmp", LONG), zip=True)},
        {"icc_profile": bytes(5_000_000)},
    ],
    ids=["packed comment", "comment", "packed XMP", "profile"],
)
def test_a_png_is_read_whatever_unpacks_beside_it(options: dict[str, Any]) -> None:
    assert np.array_equal(decode_image(encoded(gradient(), **options)).pixels, np.asarray(gradient()))


def test_a_png_is_read_though_its_comments_are_damaged() -> None:
    data = with_chunks(encoded(gradient()), (b"iCCP", b"x\0\0nothing"), (b"zTXt", b"y"), (b"tEXt", b"\xff"))
    assert np.array_equal(decode_image(data).pixels, np.asarray(gradient()))


def test_a_png_of_too_many_chunks_is_refused() -> None:
    data = encoded(gradient())
    assert decode_image(with_chunks(data, *[(b"tEXt", b"")] * 1000)).width == 120
    with pytest.raises(UnsupportedImage, match="chunks"):
        decode_image(with_chunks(data, *[(b"tEXt", b"")] * MAX_CHUNKS))


@pytest.mark.parametrize(
    "segments",
    [
        [segment(0xE2, b"ICC_PROFILE\0" + bytes([number, 99]) + bytes(65_000)) for number in range(1, 100)],
        [segment(0xFE, bytes(65_000))] * 100,
        [segment(0xED, b"Photoshop 3.0\0" + os.urandom(1000))],
        [segment(0xE2, b"MPF\0" + os.urandom(100)), segment(0xE1, b"Exif\0\0MM\0*")],
        [segment(0xFE, b"then"), b"\0\1\2stray bytes"],
    ],
    ids=["profile", "comments", "Photoshop's", "pictures", "stray bytes"],
)
def test_a_jpeg_is_read_whatever_stands_before_it(segments: list[bytes]) -> None:
    data = encoded(gradient(), "JPEG")
    assert np.array_equal(decode_image(with_segments(data, *segments)).pixels, decode_image(data).pixels)


def test_a_jpeg_is_read_whatever_stands_behind_it() -> None:
    data = encoded(gradient(), "JPEG")
    assert np.array_equal(decode_image(data + os.urandom(10_000)).pixels, decode_image(data).pixels)


def test_a_jpeg_of_too_many_segments_is_refused() -> None:
    data = with_segments(encoded(gradient(), "JPEG"), *[segment(0xFE, b"")] * MAX_SEGMENTS)
    with pytest.raises(UnsupportedImage, match="segments"):
        decode_image(data)


def test_a_jpeg_of_too_many_scans_is_refused() -> None:
    data = encoded(gradient(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(UnsupportedImage, match="scans"):
        decode_image(data[:-2] + data[last:-2] * MAX_SCANS + data[-2:])


def test_limits_come_before_whatever_else_is_wrong() -> None:
    data = with_segments(encoded(gradient(), "JPEG"), b"\xff\xc0\0\x11\x08\xff\xff\xff\xff" + bytes(10))
    with pytest.raises(ImageTooLarge):
        decode_image(data)


def test_the_orientation_of_xmp_is_applied() -> None:
    stored, data = gradient().transpose(Pillow.Transpose.ROTATE_180), XMP.encode()
    jpeg = with_segments(encoded(stored, "JPEG"), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + data))
    assert close(decode_image(jpeg), gradient())
    for packed in (False, True):
        info = texts(("XML:com.adobe.xmp", XMP), zip=packed)
        assert close(decode_image(encoded(stored, pnginfo=info)), gradient())


def test_exif_goes_before_xmp() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 1
    data = encoded(gradient(), exif=exif, pnginfo=texts(("XML:com.adobe.xmp", XMP)))
    assert close(decode_image(data), gradient())


def test_exif_that_stands_in_a_text_is_applied() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 3
    block = exif.tobytes()
    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n", zip=True)
    stored = gradient().transpose(Pillow.Transpose.ROTATE_180)
    assert close(decode_image(encoded(stored, pnginfo=info)), gradient())


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_that_there_is_not_is_none(value: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = value
    assert close(decode_image(encoded(gradient(), exif=exif)), gradient())
