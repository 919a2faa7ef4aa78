"""Pascal VOC: an XML file for each picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from regard.custom.folders.example import Example, clipped, pictures_in
from regard.errors import RegardError
from regard.vision.geometry import Box


def find_voc(folder: Path) -> list[Path]:
    """The XML files of a folder that describe pictures."""
    return [file for file in sorted(folder.rglob("*.xml")) if b"<annotation" in file.read_bytes()[:4096]]


def read_voc(folder: Path, files: list[Path]) -> Iterator[Example]:
    """The pictures that the files describe, with their boxes. Raises RegardError.

    The first pixel of a side is number 1 there.
    """
    by_name = {file.name: file for file in pictures_in(folder)}
    by_stem = {file.stem: file for file in by_name.values()}
    for file in files:
        root = _parsed(file)
        picture = by_name.get(Path(root.findtext("filename") or "").name) or by_stem.get(file.stem)
        if picture is None:
            raise RegardError(f"{file} describes a picture that is not in {folder}.")
        try:
            size = int(_text(root, "size/width")), int(_text(root, "size/height"))
            found = [
                clipped(_text(one, "name"), _box(one), size)
                for one in root.iter("object")
                if one.find("bndbox") is not None
            ]
        except ValueError as error:
            raise RegardError(f"{file} can't be read: {error}.") from error
        yield Example(picture, boxes=tuple(box for box in found if box is not None), size=size)


def _parsed(file: Path) -> ElementTree.Element:
    content = file.read_bytes()
    if (
        b"<!DOCTYPE" in content or b"<!ENTITY" in content
    ):  # which no tool writes, and which may grow in memory
        raise RegardError(f"{file} has a DOCTYPE; annotations have none.")
    try:
        return ElementTree.fromstring(content)  # noqa: S314 - it declares no entities
    except ElementTree.ParseError as error:
        raise RegardError(f"{file} is no XML that can be read: {error}.") from error


def _box(part: ElementTree.Element) -> Box:
    corners = [float(_text(part, f"bndbox/{name}")) for name in ("xmin", "ymin", "xmax", "ymax")]
    return Box.between(corners[0] - 1, corners[1] - 1, corners[2], corners[3])


def _text(part: ElementTree.Element, path: str) -> str:
    text = (part.findtext(path) or "").strip()
    if not text:
        raise ValueError(f"it has no {path}")
    return text
