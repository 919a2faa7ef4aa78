"""How often a face that the frame cuts, or a turned picture, is given a wrong roll.

    python -m bench --only rolls --data ../shared/data [--faces-of-each 200]

Needs the default model pack. Pictures of LFW, FairFace and UTKFace whose largest face is surely found, and
upright, are cut at each edge, so that between a fifth and a third of the face is lost, and turned, cut or
whole. A face is found when a box lies within half a face of its own; its roll is wrong when it is more than
45° away from that in the whole picture, turned as the picture is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.face_sets import read
from bench.measurement import Row, Tables
from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.appearance import confidence_of
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.pose import eye_rolls
from regard.vision.session import SessionPool, one_thread_each

SETS = ("lfw", "fairface", "utkface")
EDGES = ("left", "top", "right", "bottom")
QUARTERS = (0, 90, 180, 270)
SURE, UPRIGHT = 95.0, 30.0  # percent, degrees: of a face that serves as reference
LOST = (1 / 5, 1 / 3)  # of a face's side
WRONG = 45.0  # degrees


@dataclass(frozen=True, eq=False)
class Portrait:
    """`box` (4,): left, top, right, bottom of the face in `pixels`; `roll`, degrees."""

    pixels: np.ndarray
    box: np.ndarray
    roll: float


def portraits(detector: FaceDetector, folder: Path, number: int) -> Iterator[Portrait]:
    """At most `number`, spread over the folder."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".jpg", ".png"))
    for file in files[:: max(1, len(files) // number)][:number]:
        pixels = read(file)
        found = detector.detect(pixels)
        if not len(found):
            continue
        largest = int((found.boxes[:, 2:] - found.boxes[:, :2]).prod(1).argmax())
        roll = float(np.degrees(eye_rolls(found.landmarks)[largest]))
        if confidence_of(found.logits)[largest] >= SURE and abs(roll) < UPRIGHT:
            yield Portrait(pixels, found.boxes[largest], roll)


def cut(portrait: Portrait, edge: str, share: float) -> Portrait:
    """Without all beyond `share` of the face's side from `edge`."""
    axis, low = EDGES.index(edge) % 2, edge in ("left", "top")
    first, last = portrait.box[axis], portrait.box[axis + 2]
    side = portrait.pixels.shape[1 - axis]
    line = first + share * (last - first) if low else last - share * (last - first)
    begin, end = (max(0, round(line)), side) if low else (0, min(side, round(line)))
    rows = slice(begin, end) if axis else slice(None)
    columns = slice(None) if axis else slice(begin, end)
    box = portrait.box.copy()
    box[[axis, axis + 2]] -= begin
    return Portrait(np.ascontiguousarray(portrait.pixels[rows, columns]), box, portrait.roll)


def turned(portrait: Portrait, degrees: int) -> Portrait:
    """Turned clockwise by a multiple of 90°."""
    pixels, box = portrait.pixels, portrait.box
    for _ in range(degrees // 90):
        height = pixels.shape[0]
        pixels = np.rot90(pixels, -1)
        box = np.array([height - box[3], box[0], height - box[1], box[2]])
    return Portrait(np.ascontiguousarray(pixels), box, portrait.roll + degrees)


def judge(detector: FaceDetector, portrait: Portrait) -> float | None:
    """By how many degrees the face's roll is off; None where it isn't found."""
    found = detector.detect(portrait.pixels)
    if not len(found):
        return None
    boxes = np.clip(found.boxes, 0, np.tile(portrait.pixels.shape[1::-1], 2))
    truth = np.clip(portrait.box, 0, np.tile(portrait.pixels.shape[1::-1], 2))
    apart = np.linalg.norm(boxes[:, :2] + boxes[:, 2:] - truth[:2] - truth[2:], axis=1) / 2
    nearest = int(apart.argmin())
    if apart[nearest] > 0.5 * np.sqrt(np.prod(truth[2:] - truth[:2])):
        return None
    off = float(np.degrees(eye_rolls(found.landmarks)[nearest])) - portrait.roll
    return abs((off + 180) % 360 - 180)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces-of-each", type=int, default=200, help="pictures of each set")


def run(chosen: argparse.Namespace) -> Tables:
    one_thread_each()
    detector = FaceDetector(SessionPool(install(find_pack("default")).paths()))
    offs: dict[tuple[str, int], list[float | None]] = {}
    random = np.random.default_rng(0)
    for name in SETS:
        for portrait in portraits(detector, chosen.data / name, chosen.faces_of_each):
            shown = {"whole": portrait}
            for edge in EDGES:
                shown[f"cut at the {edge}"] = cut(portrait, edge, random.uniform(*LOST))
            for kind, one in shown.items():
                for degrees in QUARTERS:
                    offs.setdefault((kind, degrees), []).append(judge(detector, turned(one, degrees)))
    yield "Rolls of faces", (row(kind, degrees, some) for (kind, degrees), some in offs.items())


def row(kind: str, degrees: int, offs: list[float | None]) -> Row:
    known = [off for off in offs if off is not None]
    return {
        "faces": kind,
        "picture turned by": f"{degrees}°",
        "number": len(offs),
        "found": f"{len(known) / len(offs):.3f}",
        "roll wrong": sum(off > WRONG for off in known),
    }
