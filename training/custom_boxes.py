"""Pictures with boxes that custom labels are measured on, as Pascal VOC's files say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from regard.vision.custom.box_examples import BoxExample
from regard.vision.image import Image, decode_image

SETS = {
    "raccoons": "custom/raccoon",
    "kangaroos": "custom/kangaroo",
    "blood cells": "custom/bccd",
    "steel defects": "custom/neu",
}


def examples(folder: Path) -> list[BoxExample]:
    """The pictures of a set, in the order of their names. Boxes are fractions of the size that their own file
    states: pictures may have been enlarged since.
    """
    return [_example(folder, file) for file in sorted((folder / "annotations").glob("*.xml"))]


def _example(folder: Path, file: Path) -> BoxExample:
    root = ElementTree.parse(file).getroot()  # noqa: S314 - of our own data
    size = np.array([float(root.findtext(f"size/{side}", "0")) for side in ("width", "height")] * 2)
    rows, labels = [], []
    for one in root.iter("object"):
        rows.append([float(one.findtext(f"bndbox/{side}", "0")) for side in ("xmin", "ymin", "xmax", "ymax")])
        labels.append(one.findtext("name", ""))
    [picture] = (path for path in (folder / "images").glob(f"{file.stem}.*"))
    boxes = np.clip(np.array(rows, float).reshape(-1, 4) / size, 0, 1)
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    return BoxExample(lambda: _open(picture), digest, boxes, tuple(labels))


def _open(picture: Path) -> Image:
    return decode_image(picture.read_bytes(), min_side=24)
