"""YOLO: a text file for each picture, `class x y width height` a line in fractions, and a list of names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from regard.custom.folders.example import Example, clipped, pictures_in, upright_size
from regard.custom.manifests.entry import LabelledBox
from regard.errors import RegardError
from regard.vision.geometry import Box

_LISTS: Final = ("classes.txt", "obj.names", "_darknet.labels")
_SETTINGS: Final = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")


def find_names(*folders: Path) -> list[str] | None:
    """The names of the classes, from the first folder that has a list of them; None where none has."""
    for folder in folders:
        for name in _LISTS:
            if (folder / name).is_file():
                lines = (folder / name).read_text("utf-8").splitlines()
                return [line.strip() for line in lines if line.strip()]
        for name in _SETTINGS:
            if (folder / name).is_file():
                return _names_in((folder / name).read_text("utf-8"), folder / name)
    return None


def read_yolo(folder: Path, labels: Path, names: Sequence[str]) -> Iterator[Example]:
    """Every picture below `folder`, with the boxes of its text file: beside it, or at its place in `labels`.

    A polygon counts as the box around it. A picture without a text file is not labelled; one whose file is
    empty shows none of the classes. Raises RegardError.
    """
    for file in pictures_in(folder):
        text = next(
            (
                place
                for place in (
                    file.with_suffix(".txt"),
                    (labels / file.relative_to(folder)).with_suffix(".txt"),
                    Path(*_beside(file.parts)).with_suffix(".txt"),
                )
                if place.is_file()
            ),
            None,
        )
        if text is None:
            yield Example(file)
            continue
        size = upright_size(file)
        found = [
            _box(line, names, size, text) for line in text.read_text("utf-8").splitlines() if line.strip()
        ]
        yield Example(file, boxes=tuple(box for box in found if box is not None), size=size)


def _beside(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The place of a picture with its last folder `images` exchanged for `labels`."""
    if "images" not in parts:
        return parts
    at = len(parts) - 1 - parts[::-1].index("images")
    return (*parts[:at], "labels", *parts[at + 1 :])


def _box(line: str, names: Sequence[str], size: tuple[int, int], file: Path) -> LabelledBox | None:
    try:
        number, *numbers = line.split()
        label, values = names[int(number)], [float(one) for one in numbers]
    except (ValueError, IndexError) as error:
        raise RegardError(
            f"{file} has a line that is no box of a class with a name: {line[:80]!r}."
        ) from error
    width, height = size
    if len(values) == 4:
        x, y, w, h = values
        box = Box((x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
    elif len(values) >= 6 and len(values) % 2 == 0:
        across, down = values[::2], values[1::2]
        box = Box.between(min(across) * width, min(down) * height, max(across) * width, max(down) * height)
    else:
        raise RegardError(f"{file} has a line that is neither a box nor a polygon: {line[:80]!r}.")
    return clipped(label, box, size)


def _names_in(text: str, file: Path) -> list[str]:
    """The `names` of a settings file, in each of the forms that tools write."""
    inline = re.search(r"^names:\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    if inline is not None:
        return [_unquoted(one) for one in inline[1].split(",") if one.strip()]
    block = re.search(r"^names:\s*\n((?:\s*(?:-|\d+:)[^\n]*\n?)+)", text, re.MULTILINE)
    if block is None:
        raise RegardError(f"{file} has no list of names that can be read.")
    return [_unquoted(re.sub(r"^\s*(?:-|\d+:)", "", line)) for line in block[1].splitlines() if line.strip()]


def _unquoted(text: str) -> str:
    return text.strip().strip("'\"")
