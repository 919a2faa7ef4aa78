"""Chips of heads, faces and hands in photos, as the network of `fit_protective` sees them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from regard.vision.features import read_chip_features
from regard.vision.image import decode_image
from regard.vision.pixels import Copies
from regard.vision.protective.equipment import face_chips, hand_chips, head_chips
from regard.vision.protective.parts import PartSquare
from training.disturbing import disturbed
from training.label_sets import sessions

SEED = 0
CUTS = {
    "head": head_chips,
    "face": lambda copies, regions: (face_chips(copies, regions),),
    "hand": lambda copies, regions: (hand_chips(copies, regions),),
}


@dataclass(frozen=True, eq=False)
class Chips:
    """`features` (N, V, 1280, of a head 2560) of N chips in V views, the first as it is; `hashes` (N, 64) of
    their photos."""

    files: np.ndarray
    features: np.ndarray
    hashes: np.ndarray


def chips(data: Path, cache: Path, kind: str, name: str, places: Sequence[tuple[str, PartSquare]]) -> Chips:
    """The chips of a kind about places in photos: as they are, mirrored, and twice disturbed. They are kept
    by a digest of the places.
    """
    kept = cache / f"{kind}_{name}-{_digest(places)}.npz"
    if not kept.exists():
        runner, random = sessions(), np.random.default_rng(SEED)
        features, hashes, last = [], [], None
        for file, region in places:
            if file != last:
                pixels, last = decode_image((data / file).read_bytes(), min_side=10).pixels, file
                copies, hashed = Copies(pixels), photo_hash(pixels)
            cuts = [chip for [chip] in CUTS[kind](copies, [region])]
            views = [
                *cuts,
                *(chip[:, ::-1] for chip in cuts),
                *(disturbed(chip, random) for chip in cuts),
                *(disturbed(chip[:, ::-1], random) for chip in cuts),
            ]
            features.append(read_chip_features(runner, np.stack(views)).reshape(4, -1))
            hashes.append(hashed)
        np.savez(
            kept,
            files=[file for file, _ in places],
            features=np.array(features, np.float16),
            hashes=np.array(hashes),
        )
    with np.load(kept) as stored:
        return Chips(stored["files"], stored["features"].astype(np.float32), stored["hashes"])


def photo_hash(pixels: np.ndarray) -> np.ndarray:
    """(64,), bool: where a photo of 9 × 8 px gets brighter to the right."""
    small = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA)
    return (small[:, 1:] > small[:, :-1]).ravel()


def _digest(places: Sequence[tuple[str, PartSquare]]) -> str:
    rows = [[file, *region.middle.tolist(), region.side, *region.up.tolist()] for file, region in places]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
