"""COCO: one JSON file with images, annotations and categories."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from regard.custom.folders.example import Example, clipped
from regard.custom.manifests.entry import LabelledBox
from regard.errors import RegardError
from regard.vision.geometry import Box


def find_coco(folder: Path) -> Path | None:
    """The COCO file of a folder, or None where there is none. Raises RegardError where there are several."""
    found = [file for file in sorted(folder.rglob("*.json")) if _is_coco(file)]
    if len(found) > 1:
        raise RegardError(
            f"{folder} has several COCO files: {found[0].name}, {found[1].name}; keep one in it."
        )
    return found[0] if found else None


def read_coco(folder: Path, file: Path) -> Iterator[Example]:
    """The images of a COCO file with their boxes; crowds and what has no box are left out.

    Images are beside the file, or anywhere in the folder under their names. Raises RegardError.
    """
    content = _read(file)
    try:
        names = {one["id"]: str(one["name"]) for one in content["categories"]}
        boxes: dict[Any, list[tuple[str, Box]]] = defaultdict(list)
        for one in content["annotations"]:
            if one.get("bbox") and not one.get("iscrowd"):
                left, top, width, height = map(float, one["bbox"])
                boxes[one["image_id"]].append((names[one["category_id"]], Box(left, top, width, height)))
        images = [
            (str(one["file_name"]), (int(one["width"]), int(one["height"])), boxes[one["id"]])
            for one in content["images"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RegardError(f"{file} is no COCO file that can be read: {error!r}.") from error
    for name, size, its in images:
        kept = [clipped(label, box, size) for label, box in its]
        yield Example(_find(folder, file, name), boxes=_present(kept), size=size)


def _present(boxes: list[LabelledBox | None]) -> tuple[LabelledBox, ...]:
    return tuple(box for box in boxes if box is not None)


def _find(folder: Path, file: Path, name: str) -> Path:
    for place in (file.parent / name, folder / name, folder / "images" / name):
        if place.is_file() and place.resolve().is_relative_to(folder.resolve()):
            return place
    raise RegardError(f"{file} names {name}, which is not in {folder}.")


def _is_coco(file: Path) -> bool:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"images", "annotations", "categories"} <= content.keys()


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_bytes())
    return content
