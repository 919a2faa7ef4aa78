"""Fit how sure a find is to be a face: one logistic curve for strong finds, one for those looked at again.

    python -m training.fit_confidence ../shared/data

Finds in dlib's photos, WIDER FACE (as it is, turned by 20°, 45° and 90°, dark, with covered faces),
landscapes, COCO's pictures without people, and noise; true where an annotated face is. Finds that only touch
one count as neither.
Prints the constants of src/regard/vision/faces/appearance.py and verify.py, and what they say about pictures
that they were not fitted on (two halves, each judged by the other's fit).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from bench import face_sets
from bench.face_detection import matched

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.blazeface import Sightings
from regard.vision.faces.detector import MIN_FACE, MIN_SHARE, FaceDetector
from regard.vision.faces.mtcnn import STRONG, FaceCandidates
from regard.vision.faces.verify import HOPE, Verifier
from regard.vision.geometry import nested
from regard.vision.pixels import Copies, stretched
from regard.vision.session import SessionPool, one_thread_each

BUCKETS = [(0, 60), (60, 70), (70, 80), (80, 90), (90, 95), (95, 99), (99, 99.9), (99.9, 101)]


class Recorder(Verifier):
    """Keeps what the networks said of every doubtful find, likely or not."""

    def proved(
        self, copies: Copies, doubtful: FaceCandidates, seen: Sightings, strong: FaceCandidates
    ) -> FaceCandidates:
        hopeful = doubtful.take(doubtful.logits > HOPE)
        self.features, self.centred = self.evidence(copies, hopeful, seen, strong)
        return self.centred


def fit(features: np.ndarray, true: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """Weights and offset by maximum likelihood (Newton), with a weak pull `towards` weights."""
    features = np.column_stack([features, np.ones(len(features))])
    towards = np.append(towards, 0.0)
    weights, prior = towards.copy(), np.diag([1.0] * (len(towards) - 1) + [1e-3])
    for _ in range(50):
        probability = 1 / (1 + np.exp(-features @ weights))
        gradient = features.T @ (probability - true) + prior @ (weights - towards)
        curvature = (features * (probability * (1 - probability))[:, None]).T @ features + prior
        weights = weights - np.linalg.solve(curvature, gradient)
    return weights


def halves(features: np.ndarray, true: np.ndarray, part: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """Confidence in percent of every find, by the fit on the other half of the pictures."""
    said = np.zeros(len(true))
    for side in (0, 1):
        weights = fit(features[part != side], true[part != side], towards)
        said[part == side] = 100 / (1 + np.exp(-(features[part == side] @ weights[:-1] + weights[-1])))
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    one_thread_each()
    detector = FaceDetector(SessionPool(install(find_pack("default")).paths()))
    recorder = detector._verifier = Recorder(detector._mtcnn)
    data = options.data
    sets = [face_sets.dlib_faces(data), face_sets.wider(data, 0), face_sets.landscapes(data)]
    sets += [face_sets.without_faces(face_sets.without_people(data)), face_sets.noises()]
    sets += [face_sets.turned(face_sets.wider(data, 0), degrees) for degrees in (20, 45, 90)]
    leaning = (sets[-2], sets[-1])  # whose faint finds are no measure of what is in upright pictures
    sets += [face_sets.changed(face_sets.wider(data, 0), dark) for dark in (face_sets.gamma, face_sets.night)]
    sets += [face_sets.covered(face_sets.wider(data, 0), part) for part in ("lower", "upper", "side")]
    kinds: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {"plain": [], "doubtful": []}
    for pictures in sets:
        for number, (pixels, truth, _) in enumerate(pictures):
            clear = stretched(pixels)
            pixels = pixels if clear is None else clear
            min_face = max(MIN_FACE, MIN_SHARE * max(pixels.shape[:2]))
            copies = Copies(pixels)
            detector._upright(copies, min_face)
            passed, _ = detector._mtcnn.detect(copies, min_face)
            for kind, boxes, features in (
                ("plain", passed.boxes, passed.logits[:, None]),
                ("doubtful", recorder.centred.boxes, recorder.features),
            ):
                if kind == "doubtful" and any(pictures is some for some in leaning):
                    continue
                true = matched(boxes, truth)[1]
                clear_cut = true | ~nested(boxes, truth, 0.3)
                half = np.full(len(true), number % 2)
                kinds[kind].append((features[clear_cut], true[clear_cut], half[clear_cut]))
    said, faces = [], []
    for kind, rows in kinds.items():
        features, true, part = (np.concatenate([row[index] for row in rows]) for index in range(3))
        towards = np.ones(1) if kind == "plain" else np.zeros(features.shape[1])
        weights = fit(features, true, towards)
        print(f"{kind}: {len(true)} finds, {true.sum()} true, weights {weights[:-1].round(3).tolist()}")
        print(f"  offset {weights[-1]:.3f}")
        counted = features[:, 0] > STRONG if kind == "plain" else np.full(len(true), True)
        said.append(halves(features, true, part, towards)[counted])
        faces.append(true[counted])
    confidence, true = np.concatenate(said), np.concatenate(faces)
    print("| confidence | finds | said | true |\n|---|---|---|---|")
    for low, high in BUCKETS:
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            share = 100 * true[inside].mean()
            print(
                f"| {low}–{min(high, 100)} | {inside.sum()} | {confidence[inside].mean():.1f} | {share:.1f} |"
            )


if __name__ == "__main__":
    main()
