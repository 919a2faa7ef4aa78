"""Heads of people in portraits, by their faces, for `fit_protective`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from regard.vision.faces import FaceAnalyzer
from regard.vision.image import decode_image
from regard.vision.protective.parts import PartSquare, head_of_face
from training.facesets import pictures, sessions

SEED = 0


def faces_of(data: Path, cache: Path, name: str, count: int) -> list[tuple[str, PartSquare]]:
    """The largest face of `count` pictures of a set."""
    kept = cache / f"{name}.json"
    if not kept.exists():
        analyzer, found = FaceAnalyzer(sessions()), []
        every = pictures(data, name)
        for file in np.random.default_rng(SEED).permutation(every)[:count].tolist():
            faces = analyzer.detect(decode_image((data / name / file).read_bytes(), min_side=10))
            if faces:
                region = head_of_face(faces[0])
                found.append([f"{name}/{file}", *region.middle, region.side, *region.up])
        kept.write_text(json.dumps(found))
    return [
        (file, PartSquare(np.array([x, y]), side, np.array([up_x, up_y])))
        for file, x, y, side, up_x, up_y in json.loads(kept.read_text())
    ]
