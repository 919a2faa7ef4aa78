"""Pictures with faces, and pictures without, from which it is learnt what is a face (`fit_certainty`)."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench import face_sets
from bench.face_detection import matched

from regard.vision.image import decode_image
from training.drawn_objects import drawn_object

PEOPLE = Path(__file__).parent / "labels/with_people.csv"
FACE, NONE, UNKNOWN = 1, 0, -1
FEW = 190  # pictures of a source
WEIGHT = 0.1  # of the annotated sources' faces: the same ones are turned, dark and covered in ten sources

Truth = Callable[[np.ndarray], np.ndarray]  # boxes (N, 4) of finds to what each is (N,)
Labelled = Iterator[tuple[np.ndarray, Truth]]


@dataclass(frozen=True)
class Source:
    """Pictures of one kind. Those of one fold judge what was fitted on the others.

    `folds`: one, or the first half of the finds and the second have one each. Small, dark and covered faces
    are in two sources alone; no fold could do without either. `weight`: how much a face of it counts.
    """

    name: str
    folds: tuple[int, ...]
    pictures: Callable[[], Labelled]
    weight: float = 1.0


def sources(data: Path) -> list[Source]:
    wider, dlib = (lambda: face_sets.wider(data, 0)), (lambda: face_sets.dlib_faces(data))
    annotated: dict[str, tuple[int, Callable[[], face_sets.Pictures]]] = {
        "wider": (0, wider),
        "dlib": (4, dlib),
    }
    for name, fold, plain in (("wider", 1, wider), ("dlib", 4, dlib)):
        for degrees in (20, 45, 90):
            annotated[f"{name}, turned by {degrees}"] = (
                fold,
                lambda plain=plain, degrees=degrees: face_sets.turned(plain(), degrees),
            )
        for change in (face_sets.gamma, face_sets.night):
            annotated[f"{name}, {change.__name__}"] = (
                fold,
                lambda plain=plain, change=change: face_sets.changed(plain(), change),
            )
        for part in ("lower", "upper", "side"):
            annotated[f"{name}, {part} covered"] = (
                fold,
                lambda plain=plain, part=part: face_sets.covered(plain(), part, 30),
            )
        annotated[f"{name}, distant"] = (fold, lambda plain=plain: face_sets.distant(plain()))
    portraits = {
        "lfw": (1, "lfw", 150, 0),
        "utkface": (1, "utkface", 80, 0),
        "with a mask": (2, "facemask/with_mask", 300, 0),
        "without a mask": (2, "facemask/without_mask", 60, 0),
        "fairface": (3, "fairface", 200, 0),
        "celebrities": (3, "deepface_tests", 64, 0),
        "hard hats": (4, "hardhat/pos", 80, 0),
        "no hard hats": (4, "hardhat/neg", 80, 0),
        "fer2013": (4, "fer2013", 100, 96),
    }
    without = {
        "text": (0, _files(data, "text")),
        "coco": (0, face_sets.without_people(data)),
        "raccoons": (2, _files(data, "custom/raccoon")),
        "kangaroos": (2, _files(data, "custom/kangaroo")),
        "insects": (3, _files(data, "custom/insects")),
        "flowers": (3, _files(data, "custom/flowers")[::5]),
        "surfaces": (4, _files(data, "custom/neu")[::8]),
        "blood": (4, _files(data, "custom/bccd")[::8]),
        "scenes": (1, _files(data, "scenes")[::4]),
    }
    return [
        *(
            Source(name, (fold,), lambda files=files: _without(data, files))
            for name, (fold, files) in without.items()
        ),
        Source("drawn", (1,), _drawn),
        *(
            Source(name, (fold,), lambda rest=rest: _portraits(face_sets.whole(data / rest[0], *rest[1:])))
            for name, (fold, *rest) in portraits.items()
        ),
        *(
            Source(name, (fold, fold - 1), lambda make=make: _annotated(make()), WEIGHT)
            for name, (fold, make) in annotated.items()
        ),
    ]


def _annotated(pictures: face_sets.Pictures) -> Labelled:
    """A find is a face where one is annotated; elsewhere nobody knows."""
    for pixels, truth, _ in pictures:
        yield pixels, lambda boxes, truth=truth: np.where(matched(boxes, truth)[1], FACE, UNKNOWN)


def _portraits(pictures: face_sets.Pictures) -> Labelled:
    """The largest find is the face."""
    for pixels, _, _ in pictures:
        yield pixels, _largest


def _largest(boxes: np.ndarray) -> np.ndarray:
    labels = np.full(len(boxes), UNKNOWN)
    if len(boxes):
        labels[np.prod(boxes[:, 2:] - boxes[:, :2], 1).argmax()] = FACE
    return labels


def _without(data: Path, files: list[Path]) -> Labelled:
    """No find is a face. Every picture is shown as it is and, where it is one of few, upside down."""
    with PEOPLE.open(newline="") as lines:
        people = {row["file"] for row in csv.DictReader(lines)}
    for file in files:
        if str(file.relative_to(data)) in people:
            continue
        pixels = decode_image(file.read_bytes(), min_side=1).pixels
        yield pixels, _nothing
        if len(files) < FEW:
            yield np.ascontiguousarray(pixels[::-1, ::-1]), _nothing


def _drawn() -> Labelled:
    for seed in range(200):
        yield drawn_object(seed), _nothing


def _nothing(boxes: np.ndarray) -> np.ndarray:
    return np.full(len(boxes), NONE)


def _files(data: Path, folder: str) -> list[Path]:
    kinds = (".jpg", ".jpeg", ".png")
    return sorted(path for path in (data / folder).rglob("*") if path.suffix.lower() in kinds)
