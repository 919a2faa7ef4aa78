"""Encoded pictures to pixels: JPEG and PNG, refused by their header before anything is decoded."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import JpegImagePlugin, PngImagePlugin

_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112
LEAST_SIDE = 80  # px, of what is decoded unless somebody asks for less
_STRIP = 1024  # rows

# EXIF orientation: transpose first or not, then flip along these axes. EXIF 2.32, section 4.6.4, tag 274.
_UPRIGHT: dict[int, tuple[bool, tuple[int, ...]]] = {
    2: (False, (1,)),
    3: (False, (0, 1)),
    4: (False, (0,)),
    5: (True, ()),
    6: (True, (1,)),
    7: (True, (0, 1)),
    8: (True, (0,)),
}


class ImageError(ValueError):
    """The picture can't be used."""


class UnsupportedImage(ImageError):
    """Neither JPEG nor PNG, damaged, or truncated."""


class ImageTooLarge(ImageError):
    """A side or the number of pixels is over the limit."""


class ImageTooSmall(ImageError):
    """A side is under the limit."""


@dataclass(frozen=True, eq=False)
class Image:
    """A decoded picture.

    `pixels`: (height, width, 3), uint8, RGB, contiguous, upright (EXIF orientation applied).
    `digest`: SHA-256 of the encoded bytes, hex.
    """

    pixels: NDArray[np.uint8]
    digest: str

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


def decode_image(
    data: bytes,
    *,
    max_side: int = 10_000,
    max_pixels: int = 60_000_000,
    min_side: int = LEAST_SIDE,
    digest: str | None = None,
) -> Image:
    """Decode a JPEG or PNG.

    Transparent parts are laid on white; of an animated PNG the first picture is taken; 16 bits are cut to 8;
    ICC profiles are ignored. Limits are in pixels. `digest`: that of the bytes, for who has it. Raises
    ImageError, and nothing else, for any bytes.
    """
    width, height = _size(data)
    check_size(width, height, max_side=max_side, max_pixels=max_pixels, min_side=min_side)
    try:
        opened = _open(data)
        if opened.size != (width, height):
            raise UnsupportedImage("the headers contradict each other")  # noqa: TRY301
        opened.load()
        pixels = _rgb(opened)
    except ImageError:
        raise
    except Exception as error:  # decoders raise whatever damaged bytes lead them to
        raise UnsupportedImage(f"damaged picture: {error}") from error
    orientation = _orientation(opened)
    return Image(_upright(pixels, orientation), digest or hashlib.sha256(data).hexdigest())


def check_size(width: int, height: int, *, max_side: int, max_pixels: int, min_side: int) -> None:
    """Raises ImageTooLarge or ImageTooSmall; all in pixels."""
    if max(width, height) > max_side or width * height > max_pixels:
        raise ImageTooLarge(f"{width} × {height} pixels")
    if min(width, height) < min_side:
        raise ImageTooSmall(f"{width} × {height} pixels")


def _size(data: bytes) -> tuple[int, int]:
    """Width and height, from the header alone."""
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= 24:
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(data)
    raise UnsupportedImage("neither JPEG nor PNG")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height in the first start-of-frame segment (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:  # stray bytes between segments are tolerated, as decoders do
            at = data.find(b"\xff", at)
            if at < 0:
                break
            continue
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        if marker == 0xFF:
            at += 1
        elif marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 2
        elif marker in (0xD9, 0xDA):
            break
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise UnsupportedImage("a JPEG without a frame")


def _open(data: bytes) -> Any:
    # The plug-ins themselves, not Pillow.open: no other format, no multi-picture wrapper, no warnings.
    plugin = PngImagePlugin.PngImageFile if data.startswith(_PNG) else JpegImagePlugin.JpegImageFile
    return plugin(io.BytesIO(data))


def _rgb(opened: Pillow.Image) -> NDArray[np.uint8]:
    if opened.mode.startswith("I"):  # 16-bit grey
        grey = np.clip(np.asarray(opened).astype(np.int32) >> 8, 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if opened.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in opened.info:
        layered = opened.convert("RGBA")
        opened = Pillow.new("RGB", layered.size, (255, 255, 255))
        opened.paste(layered, mask=layered.getchannel("A"))
    elif opened.mode != "RGB":
        opened = opened.convert("RGB")
    # In strips: Pillow hands over a whole picture by way of two more copies of it.
    width, height = opened.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP):
        bottom = min(top + _STRIP, height)
        pixels[top:bottom] = np.asarray(opened.crop((0, top, width, bottom)))
    return pixels


def _orientation(opened: Pillow.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or the EXIF block is damaged."""
    try:
        return int(opened.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - a damaged comment is no reason to refuse the picture
        return 1


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    if orientation in _UPRIGHT:
        transpose, flips = _UPRIGHT[orientation]
        pixels = np.flip(pixels.transpose(1, 0, 2) if transpose else pixels, flips)
    return np.ascontiguousarray(pixels)
