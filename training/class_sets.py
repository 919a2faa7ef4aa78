"""What fit_classes.py learns from: pictures whose labels are known by folder, by boxes, or by eye."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from regard.vision.labels.classes import NETWORK, SIDE, kind_labels
from regard.vision.labels.objects import FoundClass, ObjectCandidates, ObjectDetector, distinct
from regard.vision.pixels import Pixels, resize
from regard.vision.taxonomy import Concept, load_taxonomy
from training.label_packages import SETS, unpack
from training.label_sets import sessions

MARKS = Path(__file__).parent / "labels" / "classes.csv"
TAXONOMY = load_taxonomy()
# Every so many-th picture of a folder of DATA.
FOLDERS = {
    "coco/images": 1,
    "deepface_tests": 1,
    "text": 1,
    "custom/kangaroo": 1,
    "custom/insects": 1,
    "custom/raccoon": 2,
    "custom/flowers": 8,
    "custom/bccd": 6,
    "custom/neu": 6,
    "fairface": 100,
    "lfw": 60,
    "facemask": 20,
}
_ENDS = {".jpg", ".jpeg", ".png"}
_LARGEST = 1600  # px; larger pictures are read smaller


def _in(*categories: str) -> set[str]:
    return {name for name, one in TAXONOMY.concepts.items() if one.category in categories}


_ANIMALS = _in("Animals and Pets")
_GUESTS = {name for name in _ANIMALS if "Insect" in (name, *TAXONOMY.concepts[name].parents)}
# What may well be about a face, whatever else is not.
_WORN = {"Mask", "Gas Mask"} | _in(
    *("Apparel and Accessories", "Beauty and Personal Care", "Hobbies and Interests", "Home and Indoors"),
    *("Person Description", "Sports", "Symbols and Flags", "Technology and Computing", "Text and Documents"),
    "Tools and Machinery",
)
# What one look at a picture tells: its kinds, and whether there is an animal, a meal or a vehicle at all.
_SEEN = (
    kind_labels() | _ANIMALS | _in("Food and Beverage", "Transport and Logistics", "Vehicles and Automotive")
)

Truth = Callable[[str], bool | None]
"""Whether a picture shows a label; None where nobody knows."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A picture: its set, its `logits` (1000,), what CenterNet finds, and what it shows."""

    source: str
    file: str
    logits: np.ndarray
    objects: list[FoundClass]
    width: int
    height: int
    shows: Truth


def judged(data: Path, packages: Path, cache: Path) -> Iterator[Judged]:
    """The pictures of all sets of which something is known; `packages` holds those of label_packages.py."""
    unpack(packages)
    detector = ObjectDetector(sessions())
    folders = {data / name: step for name, step in FOLDERS.items()} | {packages / name: 1 for name in SETS}
    for folder, step in folders.items():
        source, stored = _name(folder), read_set(folder, step, cache)
        truths = _truths(data, source)
        for row, file in enumerate(stored["files"].tolist()):
            shows = truths(file)
            if shows is None:
                continue
            width, height = stored["sizes"][row].tolist()
            found = stored[f"found{row}"]
            candidates = ObjectCandidates(found[:, :4], found[:, 4], found[:, 5].astype(int))
            objects = detector.classes(candidates, width, height)
            yield Judged(source, file, stored["logits"][row], objects, width, height, shows)


def _name(folder: Path) -> str:
    return "coco" if folder.name == "images" else folder.name


def read_set(folder: Path, step: int, cache: Path) -> Mapping[str, np.ndarray]:
    """Of every `step`-th picture below a folder, in the order of their paths: `files`, `sizes`, the
    classifier's `logits`, and what CenterNet finds, `found0` and on."""
    kept = cache / f"{_name(folder)}_classes.npz"
    if not kept.exists():
        _read(folder, step, kept)
    stored: Mapping[str, np.ndarray] = np.load(kept)
    return stored


def _read(folder: Path, step: int, kept: Path) -> None:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDS and path.is_file())
    files, sizes, logits, found, runner = [], [], [], {}, sessions()
    detector = ObjectDetector(runner)
    for path in paths[::step]:
        pixels = _pixels(path.read_bytes())
        if min(pixels.shape[:2]) < 24:
            continue
        _, answer = runner.run(NETWORK, {"input": resize(pixels, SIDE, SIDE)[None]})
        one = distinct(detector.find(pixels))
        found[f"found{len(files)}"] = np.column_stack([one.boxes, one.scores, one.classes])
        files.append(str(path.relative_to(folder)))
        sizes.append((pixels.shape[1], pixels.shape[0]))
        logits.append(answer[0].astype(np.float16))
    np.savez(kept, files=files, sizes=sizes, logits=logits, **found)


def _pixels(data: bytes) -> Pixels:
    """The picture, what is transparent on white, at most _LARGEST px a side."""
    picture = Pillow.open(io.BytesIO(data)).convert("RGBA")
    picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture).convert("RGB")
    picture.thumbnail((_LARGEST, _LARGEST))
    return np.asarray(picture)


def _truths(data: Path, source: str) -> Callable[[str], Truth | None]:
    """For a file of a set what it shows; None for one of which nothing is known."""
    marks = _marks(source)
    if source == "coco":
        boxes = json.loads((data / "coco/labels.json").read_text())
        return lambda file: _annotated(marks.get(file), {one["name"] for one in boxes[file]["objects"]})
    kinds = {"kangaroo": ["Kangaroo"], "raccoon": ["Mammal", "Wildlife"]}
    if source in kinds:
        return lambda _: _of(kinds[source], judges=_ANIMALS)
    if source == "insects":
        return lambda file: _of(["Ant" if file.startswith("ants") else "Bee"], judges=_ANIMALS)
    if source == "flowers":
        guests = _GUESTS | {"Garden"}
        return lambda file: _of(["Daisy" if file.startswith("daisy") else "Flower"], guests)
    if source in ("fairface", "lfw", "facemask"):
        return lambda _: _of([], _WORN)
    if source in ("bccd", "neu"):
        return lambda _: _of([])
    judges = None if source == "tuxpaint-stamps" else _SEEN
    return lambda file: _of(*marks[file], judges=judges) if file in marks else None


def _of(kinds: list[str], unsure: Set[str] = frozenset(), judges: Set[str] | None = None) -> Truth:
    """Right: `kinds` and their ancestors. Not known: `unsure`, and what is none of `judges`."""
    right = _with_ancestors(kinds)

    def shows(name: str) -> bool | None:
        if name in right:
            return True
        return None if name in unsure or (judges is not None and name not in judges) else False

    return shows


def _annotated(marks: tuple[list[str], set[str]] | None, objects: set[str]) -> Truth:
    """By COCO's boxes, and by eye where there are marks."""
    kinds, unsure = marks or ([], set())
    named = [one.name for one in TAXONOMY.concepts.values() if one.object in objects]
    right = _with_ancestors([*kinds, *named])

    def shows(name: str) -> bool | None:
        if name in right or name in unsure:
            return True if name in right else None
        line: list[Concept] = [TAXONOMY.concepts[one] for one in (name, *TAXONOMY.concepts[name].parents)]
        objects_of = [one.name for one in line if one.object]
        if objects_of and not right.intersection(objects_of):
            return False  # a breed of a dog that isn't there
        return False if marks and name in _SEEN else None

    return shows


def _with_ancestors(names: list[str]) -> set[str]:
    return {one for name in names for one in (name, *TAXONOMY.concepts[name].parents)}


def _marks(source: str) -> dict[str, tuple[list[str], set[str]]]:
    """By file: what it shows, and what could not be decided, with ancestors."""
    with MARKS.open() as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == source]
    return {row["file"]: (_listed(row["shows"]), _with_ancestors(_listed(row["unsure"]))) for row in rows}


def _listed(text: str) -> list[str]:
    return [name for name in text.split("; ") if name]
