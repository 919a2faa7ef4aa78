"""What of a file is the picture: before anything is decoded, and after."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image as Pillow

from regard.vision.image.picture import ImageCutOff

MIN_SHARE = 0.5  # of a picture whose end is missing


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JPEG or PNG without comments, profiles, thumbnails and whatever else pixels don't need.

    `width`, `height`: px, as stored. `orientation`: of EXIF, 1 to 8. `head`: from the signature to where the
    data begin; `body`: the data, as far as they are there. `ended`: whether their end mark is there.
    """

    width: int
    height: int
    orientation: int
    head: bytes
    body: bytes
    ended: bool


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture that its decoder is done with.

    `rows`: how many, from the top, are the picture's own; below them nothing was drawn. `reduction`: by what
    its sides are yet to be divided.
    """

    picture: Pillow.Image
    rows: int
    reduction: int


def check_share(share: float) -> None:
    """`share`: how much of a picture is there, 0 to 1. Raises ImageCutOff where that is too little."""
    if share < MIN_SHARE:
        raise ImageCutOff("the picture is cut off, and too much of it is missing")
