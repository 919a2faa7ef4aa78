"""The photos that are measured: a folder with labels, or groups made from the free portraits."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests import scenes

Boxes = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo and its faces (left, top, width, height; pixels), or None where nobody has labelled them."""

    path: Path
    boxes: Boxes | None


def photos(folder: Path | None, *, count: int) -> list[Photo]:
    """At most `count` photos. `labels.json` in the folder is `{file: [[left, top, width, height], …]}`."""
    if folder is None:
        return made(count)
    labels = json.loads((folder / "labels.json").read_text()) if (folder / "labels.json").exists() else {}
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    return [Photo(path, _boxes(labels.get(str(path.relative_to(folder))))) for path in files[:count]]


def made(count: int) -> list[Photo]:
    """Groups of 1 to 12 people whose heads are 50 to 250 pixels high, in 1,280 × 720."""
    random = np.random.default_rng(7)
    folder = Path(tempfile.mkdtemp(prefix="regard-bench-"))
    result = []
    for number in range(count):
        sizes = random.integers(50, 250, random.integers(1, 13)).tolist()
        image, pasted = scenes.group(sorted(sizes, reverse=True), seed=number)
        path = folder / f"group-{number:03}.jpg"
        path.write_bytes(scenes.jpeg(image))
        result.append(Photo(path, tuple(face.box for face in pasted)))
    return result


def recall(found: list[Boxes], labelled: list[Boxes | None], *, overlap: float = 0.35) -> tuple[float, int]:
    """Share of the labelled faces that were found, and how many finds are no labelled face."""
    hits = total = surplus = 0
    for boxes, truth in zip(found, labelled, strict=True):
        if truth is None:
            continue
        free = list(truth)
        total += len(truth)
        for box in boxes:
            best = max(free, key=lambda other: _iou(box, other), default=None)
            if best is not None and _iou(box, best) >= overlap:
                free.remove(best)
                hits += 1
            else:
                surplus += 1
    return (hits / total if total else float("nan")), surplus


def _boxes(rows: list[list[float]] | None) -> Boxes | None:
    return None if rows is None else tuple((row[0], row[1], row[2], row[3]) for row in rows)


def _iou(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    common = max(across, 0.0) * max(down, 0.0)
    return common / (one[2] * one[3] + other[2] * other[3] - common)
