"""A picture of a folder and what is said of it there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from regard.custom.manifests.entry import LabelledBox
from regard.errors import RegardError
from regard.vision.geometry import Box
from regard.vision.image import ImageError, read_encoded

PICTURES: Final = (".jpg", ".jpeg", ".png")
_TURNED: Final = (5, 6, 7, 8)  # EXIF's orientations that exchange the sides


@dataclass(frozen=True, slots=True)
class Example:
    """A picture, its labels, or its boxes in px of a picture of the size `size`, (width, height).

    `boxes` is None where the folder has no boxes at all.
    """

    file: Path
    labels: tuple[str, ...] = ()
    boxes: tuple[LabelledBox, ...] | None = None
    size: tuple[int, int] | None = None


def pictures_in(folder: Path) -> list[Path]:
    """Every JPEG and PNG of a folder, at any depth, by name."""
    return sorted(one for one in folder.rglob("*") if one.suffix.lower() in PICTURES and one.is_file())


def upright_size(file: Path) -> tuple[int, int]:
    """Width and height of a picture in px as it is shown. Raises RegardError."""
    try:
        encoded = read_encoded(file.read_bytes())
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
    except ImageError as error:
        raise RegardError(f"{file} is no JPEG or PNG that can be read.") from error
    sides = encoded.width, encoded.height
    return (sides[1], sides[0]) if encoded.orientation in _TURNED else sides


def clipped(label: str, box: Box, size: tuple[int, int]) -> LabelledBox | None:
    """The part of a box that is in the picture, in px; None where less than a pixel of it is."""
    part = box.clipped(*size)
    return LabelledBox(label, part) if part.side > 1 else None
