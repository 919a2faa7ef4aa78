"""What custom labels are measured on: pictures of a few labels each, and pictures of anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.vision.custom.embedding import PictureFeatures
from regard.vision.custom.examples import LabelExamples
from regard.vision.image import Image, ImageError, decode_image
from regard.vision.labels.classes import PictureClassifier
from training.label_packages import unpack
from training.label_sets import sessions

ENDS = {".jpg", ".jpeg", ".png"}
MIN_SIDE = 24  # px

SETS = {
    "scenes": "scenes",
    "hard hats": "hardhat",
    "face masks": "facemask",
    "insects": "custom/insects",
    "flowers": "custom/flowers",
    "steel defects": "custom/neu/images",
}
"""Sets with a label for each picture: its folder, or the first part of its name."""

OTHERS = {
    "coco/images": 1,
    "text": 1,
    "dlib/faces": 1,
    "deepface_tests": 2,
    "wider": 2,
    "custom/raccoon/images": 2,
    "custom/kangaroo/images": 2,
    "custom/bccd/images": 8,
    "lfw": 100,
    "fairface": 200,
}
"""Sets of none of those labels, and every how many-th picture of each is taken."""

STAMPS = "tuxpaint-stamps"  # objects, animals, food on white: of Debian's package, besides

Read = Callable[[Image], np.ndarray]
NETWORKS: Mapping[str, Callable[[], Read]] = {
    "mobilenetv2": lambda: PictureFeatures(sessions()).read,
    "efficientnet": lambda: _classifier(),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """Pictures of a set: their files within it, and their `features` (N, 1280), float32."""

    files: list[str]
    features: np.ndarray

    def examples(self, name: str) -> LabelExamples:
        """With the labels of one of SETS."""
        return LabelExamples(self.features, tuple((label_of(name, file),) for file in self.files))

    def take(self, rows: np.ndarray) -> Seen:
        return Seen([self.files[row] for row in rows.tolist()], self.features[rows])


def label_of(name: str, file: str) -> str:
    """`crazing` for crazing_12.jpg, `ants` for ants/12.jpg."""
    return file.rsplit("_", 1)[0] if name == "steel defects" else file.split("/")[0]


def seen(folder: Path, cache: Path, network: str, step: int = 1) -> Seen:
    """Every `step`-th picture below a folder, in the order of their paths; kept in `cache`."""
    name = "-".join(folder.parts[-2:])
    kept = cache / f"{name}-{network}.npz"
    if not kept.exists():
        files, rows = [], []
        for file, features in _read(folder, step, NETWORKS[network]()):
            files.append(file)
            rows.append(features)
        np.savez(kept, files=files, features=np.array(rows, np.float32))
    stored = np.load(kept)
    return Seen([str(file) for file in stored["files"]], stored["features"])


def others(data: Path, packages: Path, cache: Path, network: str) -> dict[str, Seen]:
    """By set: pictures of anything else."""
    unpack(packages)
    found = {name: seen(data / name, cache, network, step) for name, step in OTHERS.items()}
    return found | {STAMPS: seen(packages / STAMPS, cache, network, 3)}


def _read(folder: Path, step: int, read: Read) -> Iterator[tuple[str, np.ndarray]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDS and path.is_file())
    for path in paths[::step]:
        try:
            image = decode_image(path.read_bytes(), min_side=MIN_SIDE)
        except ImageError:
            continue
        yield str(path.relative_to(folder)), read(image)


def _classifier() -> Read:
    classifier = PictureClassifier(sessions())
    return lambda image: classifier.read(image.pixels).features
