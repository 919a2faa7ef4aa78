"""Faces of a folder as the product sees them: found, aligned, meshed, read; kept in a cache folder.

The cache is for the training scripts alone. A set that is in it is not made again; delete the folder when the
detector, the alignment or a network changes.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.alignment import FaceChips, similarity_transforms
from regard.vision.faces.descriptors import (
    FACERES_BATCH,
    FACERES_PADDING,
    FACERES_SIDE,
    FaceReadings,
)
from regard.vision.faces.descriptors import read_chips as read_some_chips
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.mesh import FaceMesh, Meshes
from regard.vision.image import decode_image
from regard.vision.session import SessionPool, one_thread_each

FER_SIDE = 192  # px that FER2013's 48 are enlarged to: nobody sends a picture of 48 px


@dataclass(frozen=True, eq=False)
class FaceSet:
    """N faces, one a picture. `chips` (N, 224, 224, 3) as FaceRes gets them; `readings` what it says."""

    names: np.ndarray
    landmarks: np.ndarray
    meshes: Meshes
    chips: np.ndarray
    readings: FaceReadings

    def of(self, names: Sequence[str]) -> FaceSet:
        """The faces of these pictures."""
        chosen = np.flatnonzero(np.isin(self.names, names))
        meshes, read = self.meshes, self.readings
        return FaceSet(
            self.names[chosen],
            self.landmarks[chosen],
            Meshes(meshes.points[chosen], meshes.lids[chosen], meshes.scores[chosen]),
            self.chips[chosen],
            FaceReadings(
                read.ages[chosen], read.genders[chosen], read.descriptors[chosen], read.middles[chosen]
            ),
        )

    def meshes_in_chips(self) -> np.ndarray:
        """The meshes' points (N, 478, 3) in pixels of the chips."""
        maps = similarity_transforms(self.landmarks, FACERES_SIDE, FACERES_PADDING)
        points = self.meshes.points.copy()
        points[:, :, :2] = np.einsum("nij,nkj->nki", maps[:, :, :2], points[:, :, :2]) + maps[:, None, :, 2]
        points[:, :, 2] *= np.sqrt(np.abs(np.linalg.det(maps[:, :, :2])))[:, None]
        return points


def sessions() -> SessionPool:
    one_thread_each()
    return SessionPool(install(find_pack("default")).paths())


def labelled(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def pictures(data: Path, name: str) -> list[str]:
    """The pictures of a set by their names in its folder, sorted."""
    kinds = (".jpg", ".jpeg", ".png")
    folder = data / name
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix.lower() in kinds)


def face_set(data: Path, name: str, cache: Path, *, names: Sequence[str] | None = None) -> FaceSet:
    """The set of a folder of `data`, or of these pictures of it, from the cache where it is there."""
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / (name if names is None else f"{name}-{_digest(names)}")
    files = {part: kept.with_name(f"{kept.name}_{part}.npy") for part in ("chips", "middles")}
    readings = kept.with_name(f"{kept.name}_readings.npz")
    if not readings.exists():
        runner = sessions()
        facts = _find(runner, data, name, names or pictures(data, name), files["chips"])
        np.savez(kept.with_name(f"{kept.name}.npz"), **facts)
        middles, read = read_chips(runner, np.load(files["chips"], mmap_mode="r"))
        np.save(files["middles"], middles)
        np.savez(readings, **read)
    with np.load(kept.with_name(f"{kept.name}.npz")) as facts, np.load(readings) as read:
        chips, middles = (np.load(file, mmap_mode="r") for file in files.values())
        return FaceSet(
            facts["names"],
            facts["landmarks"],
            Meshes(facts["points"], facts["lids"], facts["scores"]),
            chips,
            FaceReadings(read["ages"], read["genders"], read["descriptors"], middles),
        )


def _digest(names: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]


def read_chips(
    runner: SessionPool, chips: np.ndarray, *, mirrored: bool = False
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """FaceRes on chips (N, 224, 224, 3): its inner features (N, 14, 14, 512), float16, and its outputs."""
    middles = np.empty((len(chips), 14, 14, 512), np.float16)
    outputs: list[list[np.ndarray]] = [[], [], []]
    for begin in range(0, len(chips), FACERES_BATCH):
        part = chips[begin : begin + FACERES_BATCH]
        part = part[:, :, ::-1] if mirrored else part
        *rest, inner = read_some_chips(runner, part)
        middles[begin : begin + FACERES_BATCH] = inner
        for kept, output in zip(outputs, rest, strict=True):
            kept.append(output)
    ages, genders, descriptors = (np.concatenate(parts) for parts in outputs)
    return middles, {"ages": ages, "genders": genders, "descriptors": descriptors}


def mirrored_readings(chips: np.ndarray, cache: Path, name: str) -> FaceReadings:
    """What FaceRes says of the mirrored chips of a set, from the cache where it is there."""
    middles, rest = cache / f"{name}_mirrored.npy", cache / f"{name}_mirrored.npz"
    if not rest.exists():
        inner, outputs = read_chips(sessions(), chips, mirrored=True)
        np.save(middles, inner)
        np.savez(rest, **outputs)
    with np.load(rest) as read:
        return FaceReadings(
            read["ages"], read["genders"], read["descriptors"], np.load(middles, mmap_mode="r")
        )


def _find(
    runner: SessionPool, data: Path, name: str, names: Sequence[str], kept: Path
) -> dict[str, np.ndarray]:
    """The face nearest the middle of every picture; of the mask photos the largest. Chips go to `kept`."""
    detector, mesher = FaceDetector(runner), FaceMesh(runner)
    rows: dict[str, list[np.ndarray]] = {
        key: [] for key in ("names", "landmarks", "points", "lids", "scores")
    }
    chips = []
    for file in names:
        pixels = decode_image((data / name / file).read_bytes(), min_side=10).pixels
        if name == "fer2013":
            pixels = cv2.resize(pixels, (FER_SIDE, FER_SIDE), interpolation=cv2.INTER_CUBIC)
        found = detector.detect(pixels)
        if not len(found):
            continue
        middle = np.array(pixels.shape[1::-1]) / 2
        away = np.linalg.norm(found.landmarks.mean(1) - middle, axis=1)
        size = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], 1)
        best = int(size.argmax() if name == "facemask" else away.argmin())
        landmarks = found.landmarks[[best]]
        views = FaceChips(pixels)
        mesh = mesher.fit(views.copies, landmarks)
        chips.append(views.take(landmarks, FACERES_SIDE, FACERES_PADDING)[0])
        values = (np.array(file), landmarks[0], mesh.points[0], mesh.lids[0], mesh.scores[0])
        for key, value in zip(rows, values, strict=True):
            rows[key].append(value)
    np.save(kept, np.array(chips))
    return {key: np.array(values) for key, values in rows.items()}
