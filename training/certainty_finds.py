"""What the networks say of finds, of which it is known whether they are faces (`fit_certainty`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from regard.vision.faces.certainty import EXTENTS, FaceJudge
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.mtcnn import FaceCandidates
from regard.vision.pixels import Copies
from training.certainty_sets import FACE, UNKNOWN, Source


@dataclass(frozen=True, eq=False)
class Finds:
    """N finds in `pictures` of a source, as far as it is known what they are: `cues` (N, 6), `features`
    (N, E, 1280), `faces` (N,), 1 or 0, `weights` (N,).
    """

    cues: np.ndarray
    features: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    pictures: int

    def take(self, which: np.ndarray) -> Finds:
        return Finds(self.cues[which], self.features[which], self.faces[which], self.weights[which], 0)

    @staticmethod
    def join(parts: Sequence[Finds]) -> Finds:
        return Finds(
            np.concatenate([part.cues for part in parts]),
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.faces for part in parts]),
            np.concatenate([part.weights for part in parts]),
            sum(part.pictures for part in parts),
        )


class Recorder(FaceJudge):
    """Lets every find pass, and keeps what is known of it."""

    def judged(self, copies: Copies, found: FaceCandidates) -> FaceCandidates:
        self.seen = (self.cues(copies, found), self.features(copies, found)) if len(found) else None
        return found


def finds_of(detector: FaceDetector, recorder: Recorder, source: Source) -> Finds:
    none = Finds(
        np.zeros((0, 6), np.float32), np.zeros((0, len(EXTENTS), 1280)), np.zeros(0, int), np.zeros(0), 0
    )
    parts = [none]
    for pixels, truth in source.pictures():
        labels = truth(detector.detect(pixels).boxes)
        known = np.flatnonzero(labels != UNKNOWN)
        part = none
        if len(known) and recorder.seen is not None:
            cues, features = recorder.seen
            faces = (labels[known] == FACE).astype(int)
            part = Finds(cues[known], features[known], faces, np.ones(len(faces)), 0)
        parts.append(replace(part, pictures=1))
    return Finds.join(parts)


def cached(cache: Path, source: Source, detector: FaceDetector, recorder: Recorder) -> Finds:
    file = cache / f"{source.name.replace(' ', '_').replace(',', '')}.npz"
    if not file.exists():
        finds = finds_of(detector, recorder, source)
        np.savez(file, **asdict(finds) | {"features": finds.features.astype(np.float16)})
        print(f"{source.name}: {finds.pictures} pictures, {len(finds.faces)} finds", flush=True)
    stored = np.load(file)
    features = stored["features"].astype(np.float32)
    weights = np.where(stored["faces"] == 1, source.weight, 1.0)
    return Finds(stored["cues"], features, stored["faces"], weights, int(stored["pictures"]))
