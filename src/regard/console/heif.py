"""HEIC, as iPhones keep pictures: known by its first bytes, and read where the extra `heic` is installed.

The API refuses it, as Amazon Rekognition does; a page that takes a picture from a person may turn it into
another.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from PIL import Image as Pillow

_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def is_heif(content: bytes) -> bool:
    """Whether it is such a picture, by its file type box (ISO/IEC 23008-12)."""
    return content[4:8] == b"ftyp" and content[8:12] in _BRANDS


def can_read_heif() -> bool:
    """Whether this installation reads them."""
    return find_spec("pi_heif") is not None


def read_heif(content: bytes, *, max_pixels: int) -> Pillow.Image:
    """The picture as RGB pixels, 8 bits, turned as it is meant to be seen; without metadata.

    Raises ValueError, EOFError, RuntimeError or OSError for what is no such picture or damaged, and
    ValueError before it is decoded for one of more pixels.
    """
    import pi_heif

    opened = pi_heif.open_heif(content)
    width, height = opened.size
    if width * height > max_pixels:
        raise ValueError("too many pixels")
    picture: Pillow.Image = opened.to_pillow()
    return picture.convert("RGB")
