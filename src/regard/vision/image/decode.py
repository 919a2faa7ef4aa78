"""From the bytes of a file to pixels: limits first, then the decoder, then strip by strip what it gave."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image as Pillow

from regard.vision.image import jpeg, png
from regard.vision.image.encoded import Decoded, Encoded
from regard.vision.image.picture import MIN_SIDE, Image, ImageError, UnsupportedImage, check_size
from regard.vision.image.transparency import GREY, WHITE, ground_for
from regard.vision.pixels import Pixels

_STRIP = 1 << 22  # px that are converted at a time

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


def decode_image(
    data: bytes,
    *,
    max_side: int = 10_000,
    max_pixels: int = 100_000_000,
    min_side: int = MIN_SIDE,
    full_pixels: int = 60_000_000,
    digest: str | None = None,
) -> Image:
    """Decode a JPEG or PNG.

    Limits are in pixels of the picture as it is stored. One of more than `full_pixels` is decoded at half its
    sides, or a quarter, and so on. Transparent parts are laid on white, or on black or grey where what is
    opaque would be lost on white; of an animated PNG the still picture is taken; 16 bits are cut to 8; ICC
    profiles are ignored. Rows that are missing at the end of a file are grey. `digest`: that of the bytes,
    for who has it.

    Raises ImageError, and nothing else, for any bytes: ImageCutOff where less than half the rows are there.
    """
    read, decode = _format_of(data)
    encoded = read(data)
    check_size(encoded.width, encoded.height, max_side=max_side, max_pixels=max_pixels, min_side=min_side)
    try:
        pixels = _pixels(decode(encoded, _reduction(encoded, full_pixels)))
    except ImageError:
        raise
    except Exception as error:  # decoders raise whatever damaged bytes lead them to
        raise UnsupportedImage(f"damaged picture: {error}") from error
    size = encoded.width, encoded.height
    return Image(_upright(pixels, encoded.orientation), digest or hashlib.sha256(data).hexdigest(), size)


def read_encoded(data: bytes) -> Encoded:
    """What a JPEG or PNG says of itself before it is decoded: its size as stored, and which way up it is.

    Raises UnsupportedImage.
    """
    return _format_of(data)[0](data)


def _format_of(data: bytes) -> tuple[Callable[[bytes], Encoded], Callable[[Encoded, int], Decoded]]:
    if data.startswith(png.SIGNATURE):
        return png.read_png, png.decode_png
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.read_jpeg, jpeg.decode_jpeg
    raise UnsupportedImage("neither JPEG nor PNG")


def _reduction(encoded: Encoded, full_pixels: int) -> int:
    """The least power of two by which sides are divided so that no more than `full_pixels` are left."""
    reduction = 1
    while encoded.width * encoded.height > full_pixels * reduction**2:
        reduction *= 2
    return reduction


def _pixels(decoded: Decoded) -> Pixels:
    """(H, W, 3), in strips: Pillow hands over a whole picture by way of two more copies of it."""
    width, height = decoded.picture.size
    factor = decoded.reduction
    ground = _ground(decoded.picture)
    pixels = np.empty((-(-height // factor), -(-width // factor), 3), np.uint8)
    at = 0
    for strip in _strips(decoded.picture, factor):
        colours, alpha = _layers(strip)
        if alpha is not None:
            laid = Pillow.new("RGB", strip.size, (ground, ground, ground))
            laid.paste(colours, mask=alpha)
            colours = laid
        part = np.asarray(colours if factor == 1 else colours.reduce(factor))
        pixels[at : at + len(part)] = part
        at += len(part)
    pixels[decoded.rows // factor :] = GREY
    return pixels


def _strips(picture: Pillow.Image, multiple: int) -> Iterator[Pillow.Image]:
    """The picture from top to bottom, in strips of a multiple of so many rows. A small one is a strip itself:
    cutting copies.
    """
    width, height = picture.size
    rows = max(1, _STRIP // (width * multiple)) * multiple
    if rows >= height:
        yield picture
        return
    for top in range(0, height, rows):
        yield picture.crop((0, top, width, min(top + rows, height)))


def _ground(picture: Pillow.Image) -> int:
    """The grey level on which transparent parts are laid."""
    greatest = 0
    for strip in _strips(picture, 1):
        _, alpha = _layers(strip)
        if alpha is None:
            return WHITE
        greatest = max(greatest, int(np.asarray(alpha).max()))
    layers = (_layers(strip) for strip in _strips(picture, 1))
    parts = ((np.asarray(colours.convert("L")), np.asarray(alpha)) for colours, alpha in layers)
    return ground_for(parts, greatest / 2)


def _layers(strip: Pillow.Image) -> tuple[Pillow.Image, Pillow.Image | None]:
    """Colours, RGB, and alpha, L; None where the picture can't be transparent."""
    if strip.mode == "I;16":
        grey = np.asarray(strip)
        key = strip.info.get("transparency")
        alpha = None if key is None else Pillow.fromarray(np.where(grey == key, 0, 255).astype(np.uint8))
        return Pillow.fromarray((grey >> 8).astype(np.uint8)).convert("RGB"), alpha
    if strip.mode in ("RGBA", "LA") or "transparency" in strip.info:
        layered = strip.convert("RGBA")
        return layered.convert("RGB"), layered.getchannel("A")
    return strip if strip.mode == "RGB" else strip.convert("RGB"), None


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    if orientation in _UPRIGHT:
        transpose, flips = _UPRIGHT[orientation]
        pixels = np.flip(pixels.transpose(1, 0, 2) if transpose else pixels, flips)
    return np.ascontiguousarray(pixels)
