"""Which format a folder has, and its pictures for training and for testing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from regard.custom.folders.classes import read_classes
from regard.custom.folders.coco import find_coco, read_coco
from regard.custom.folders.example import Example, pictures_in
from regard.custom.folders.voc import find_voc, read_voc
from regard.custom.folders.yolo import find_names, read_yolo
from regard.custom.records import DatasetType
from regard.errors import RegardError

_TRAIN: Final = "train"
_TEST: Final = ("test", "valid", "val")
_BESIDE: Final = ("images", "labels", "annotations")  # what formats have beside such parts


class FolderFormat(StrEnum):
    """How the labels of a folder's pictures are written."""

    CLASSES = "classes"
    COCO = "coco"
    YOLO = "yolo"
    VOC = "voc"


@dataclass(frozen=True, slots=True)
class ExampleFolder:
    """The pictures of one data set: those below `folder`, of which `labels` may hold the text files."""

    type: DatasetType
    folder: Path
    labels: Path


def split_folder(folder: Path) -> list[ExampleFolder]:
    """The data sets of a folder: its parts `train` and `test` (or `valid`, `val`), or all of it to train on.

    The parts may lie in a folder `images`, as YOLO has them. A folder `train` beside folders with other names
    is a class like those. Raises RegardError.
    """
    if not folder.is_dir():
        raise RegardError(f"There is no folder {folder}.")
    for root in (folder, folder / "images"):
        if not (root / _TRAIN).is_dir() or not _are_parts(root):
            continue
        names = [(DatasetType.TRAIN, _TRAIN)]
        names += [(DatasetType.TEST, name) for name in _TEST if (root / name).is_dir()][:1]
        return [ExampleFolder(kind, root / name, folder / "labels" / name) for kind, name in names]
    return [ExampleFolder(DatasetType.TRAIN, folder, folder / "labels")]


def _are_parts(root: Path) -> bool:
    known = {_TRAIN, *_TEST, *_BESIDE}
    return all(one.name.lower() in known for one in root.iterdir() if one.is_dir() and one.name[0] != ".")


def format_of(part: ExampleFolder, root: Path) -> FolderFormat:
    """How the labels of a folder are written, as far as its files tell."""
    if find_coco(part.folder) is not None:
        return FolderFormat.COCO
    if find_voc(part.folder):
        return FolderFormat.VOC
    if find_names(part.folder, part.labels, root) is not None:
        return FolderFormat.YOLO
    return FolderFormat.CLASSES


def read_folder(part: ExampleFolder, root: Path, form: FolderFormat) -> Iterator[Example]:
    """The pictures of a folder in one order, with what is said of each. Raises RegardError."""
    match form:
        case FolderFormat.CLASSES:
            found = read_classes(part.folder)
        case FolderFormat.COCO:
            file = find_coco(part.folder)
            if file is None:
                raise RegardError(
                    f"{part.folder} has no COCO file: JSON with images, annotations, categories."
                )
            found = read_coco(part.folder, file)
        case FolderFormat.VOC:
            found = read_voc(part.folder, find_voc(part.folder))
        case FolderFormat.YOLO:
            names = find_names(part.folder, part.labels, root)
            if names is None:
                raise RegardError(f"{root} has no list of class names: classes.txt or data.yaml.")
            found = read_yolo(part.folder, part.labels, names)
    if not pictures_in(part.folder):
        raise RegardError(f"{part.folder} has no JPEG and no PNG.")
    yield from found
