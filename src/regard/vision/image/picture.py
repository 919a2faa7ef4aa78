"""What a decoded picture is, and why one is refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Copies

MIN_SIDE = 80  # px, of what is decoded unless somebody asks for less


class ImageError(ValueError):
    """The picture can't be used."""


class UnsupportedImage(ImageError):
    """Neither JPEG nor PNG, or damaged."""


class ImageCutOff(UnsupportedImage):
    """Too much of the end is missing."""


class ImageTooLarge(ImageError):
    """A side or the number of pixels is over the limit."""


class ImageTooSmall(ImageError):
    """A side is under the limit."""


@dataclass(frozen=True, eq=False)
class Image:
    """A decoded picture.

    `pixels`: (height, width, 3), uint8, RGB, contiguous, upright (EXIF orientation applied).
    `digest`: SHA-256 of the encoded bytes, hex.
    `encoded_size`: width and height, in pixels, that the file states, before it was turned upright; None
    where there is no file. A very large picture is decoded at a part of it.
    """

    pixels: NDArray[np.uint8]
    digest: str
    encoded_size: tuple[int, int] | None = None

    @cached_property
    def copies(self) -> Copies:
        """The picture and its halvings, for all who cut parts out of it."""
        return Copies(self.pixels)

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


def check_size(width: int, height: int, *, max_side: int, max_pixels: int, min_side: int) -> None:
    """Raises ImageTooLarge or ImageTooSmall; all in pixels. The message names the limit."""
    if max(width, height) > max_side:
        raise ImageTooLarge(f"{width} × {height} pixels, where a side may have {max_side}")
    if width * height > max_pixels:
        raise ImageTooLarge(f"{width} × {height} pixels, where there may be {max_pixels} in all")
    if min(width, height) < min_side:
        raise ImageTooSmall(f"{width} × {height} pixels, where a side must have {min_side}")
