"""What fit_labels.py learns from: COCO's pictures with their boxes and marks by eye, scenes, and pictures of
neither."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.packs.install import InstalledPack
from regard.packs.manifest import find_pack
from regard.settings import Settings
from regard.vision.image import ImageError, decode_image
from regard.vision.labels.classes import PictureClassifier
from regard.vision.labels.objects import COCO, ObjectCandidates, distinct, read_candidates
from regard.vision.session import SessionPool, one_thread_each

MARKS = Path(__file__).parent / "labels" / "coco_scenes.csv"
SCENES = {
    "art_gallery": "Art Gallery",
    "computer_room": "Computer Room",
    "garden": "Garden",
    "ice_skating": "Ice Rink",
    "library": "Library",
    "mountain": "Mountain",
    "ocean": "Sea",
    "tennis_court": "Tennis Court",
}
GROUPS = {
    "Food": "banana apple sandwich orange broccoli carrot hot_dog pizza donut cake",
    "Animal": "bird cat dog horse sheep cow elephant bear zebra giraffe",
    "Vehicle": "bicycle car motorcycle airplane bus train truck boat",
}
PLACES = ("Outdoors", "Indoors")
MARKED = (*PLACES, "Kitchen", "Bathroom", "Snow", "Grass", "Road")
OUTPUTS = (*SCENES.values(), *GROUPS, *MARKED)
STEPS = {"fairface": 40, "deepface_tests": 1, "lfw": 20, "text": 1, "dlib": 1, "facemask": 8}  # of neither
STRANGE = {"wider": 1, "hardhat": 3}  # judged by, never trained on
_SMALL = 0.01  # of the picture; an object below that does not make it a picture of it

_INDOORS = {"Art Gallery", "Computer Room", "Library"}
_OUTDOORS = {"Garden", "Mountain", "Sea", "Tennis Court"}


@dataclass(frozen=True, eq=False)
class Annotated:
    """A COCO picture: `boxes` (G, 4), 0 to 1, `classes` (G,) and `crowds` (G,) as annotated; what CenterNet
    finds."""

    file: str
    boxes: np.ndarray
    classes: np.ndarray
    crowds: np.ndarray
    found: ObjectCandidates


@dataclass(frozen=True, eq=False)
class Views:
    """`features` (N, 2, 1280) of pictures and mirror images; `targets` (N, O): 1, 0, or −1 for
    not known."""

    files: list[str]
    features: np.ndarray
    targets: np.ndarray


def sessions() -> SessionPool:
    one_thread_each()
    settings = Settings.load()
    return SessionPool(InstalledPack.load(find_pack("default").name, settings.models).paths())


def annotated(data: Path, cache: Path) -> list[Annotated]:
    labels = json.loads((data / "coco/labels.json").read_text())
    kept = cache / "coco_candidates.npz"
    if not kept.exists():
        runner, arrays = sessions(), {}
        for file in sorted(labels):
            pixels = decode_image((data / "coco/images" / file).read_bytes()).pixels
            found = distinct(read_candidates(runner, pixels))
            arrays[file] = np.column_stack([found.boxes, found.scores, found.classes])
        np.savez(kept, **arrays)
    stored = np.load(kept)
    return [_annotated(file, labels[file], stored[file]) for file in sorted(labels)]


def _annotated(file: str, label: dict, found: np.ndarray) -> Annotated:
    objects, size = label["objects"], np.array([label["width"], label["height"]] * 2)
    boxes = np.array([thing["bbox"] for thing in objects], float).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return Annotated(
        file,
        boxes / size,
        np.array([COCO.index(thing["name"]) for thing in objects], int),
        np.array([bool(thing["iscrowd"]) for thing in objects], bool),
        ObjectCandidates(found[:, :4], found[:, 4], found[:, 5].astype(int)),
    )


def views(data: Path, cache: Path, name: str) -> Views:
    folder = data / name
    paths = sorted(path for path in folder.rglob("*.jpg"))[:: (STEPS | STRANGE).get(name, 1)]
    kept = cache / f"{name}_features.npz"
    if not kept.exists():
        classifier, files, rows = PictureClassifier(sessions()), [], []
        for path in paths:
            try:
                pixels = decode_image(path.read_bytes(), min_side=24).pixels
            except ImageError:
                continue
            mirrored = np.ascontiguousarray(pixels[:, ::-1])
            rows.append([classifier.read(view).features for view in (pixels, mirrored)])
            files.append(str(path.relative_to(folder)))
        np.savez(kept, files=files, features=np.array(rows, np.float16))
    stored = np.load(kept)
    files = [str(file) for file in stored["files"]]
    return Views(files, stored["features"].astype(np.float32), targets(data, name, files))


def targets(data: Path, name: str, files: list[str]) -> np.ndarray:
    if name == "coco":
        return _coco_targets(data, files)
    if name == "scenes":
        return np.array([_scene_targets(SCENES[file.split("/")[0]]) for file in files])
    row = dict.fromkeys((*SCENES.values(), "Kitchen", "Bathroom", "Snow", "Animal"), 0.0)
    row |= dict.fromkeys(PLACES, 0.0)  # a face or a word fills the picture: nothing is said of where it is
    return np.tile([row.get(output, -1.0) for output in OUTPUTS], (len(files), 1))


def _scene_targets(scene: str) -> list[float]:
    row = dict.fromkeys(OUTPUTS, -1.0)
    row |= {name: float(name == scene) for name in SCENES.values()}
    row |= dict.fromkeys(("Kitchen", "Bathroom", "Food", "Animal"), 0.0)
    if scene in _INDOORS:
        row |= dict.fromkeys(("Grass", "Road", "Vehicle"), 0.0)
    if scene in _INDOORS or scene in ("Tennis Court", "Garden"):
        row["Snow"] = 0.0
    if scene in _INDOORS | _OUTDOORS:
        row |= {"Outdoors": float(scene in _OUTDOORS), "Indoors": float(scene in _INDOORS)}
    return [row[output] for output in OUTPUTS]


def _coco_targets(data: Path, files: list[str]) -> np.ndarray:
    labels = json.loads((data / "coco/labels.json").read_text())
    with MARKS.open() as file:
        marks = {
            row["file"]: (row["shows"].split("; "), row["unsure"].split("; ")) for row in csv.DictReader(file)
        }
    result = np.zeros((len(files), len(OUTPUTS)))
    for row, path in enumerate(files):
        name = path.split("/")[-1]
        label, (shows, unsure) = labels[name], marks[name]
        area = label["width"] * label["height"]
        there = {thing["name"].replace(" ", "_") for thing in label["objects"]}
        large = {
            thing["name"].replace(" ", "_")
            for thing in label["objects"]
            if thing["bbox"][2] * thing["bbox"][3] > _SMALL * area
        }
        inside = "Outdoors" not in shows and "Outdoors" not in unsure
        for column, output in enumerate(OUTPUTS):
            classes = set(GROUPS.get(output, "").split())
            if output in shows or classes & large or (output == "Indoors" and inside):
                result[row, column] = 1
            elif output in unsure or classes & there:
                result[row, column] = 0 if output in PLACES else -1
    return result
