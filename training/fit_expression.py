"""Train the expression head: the seven expressions of FER2013.

    python -m training.fit_expression ../shared/data --cache CACHE

Trained on FER2013's PublicTest pictures (no licence stated), as they are and mirrored: on FaceRes's and the
expression network's inner features and the mesh. Judged, and its confidences calibrated by one temperature,
in five folds on pictures that the network had not seen. Pictures in which no face is found count as wrong.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from regard.vision.faces.alignment import TEMPLATE, FaceChips
from regard.vision.faces.describer import EXPRESSIONS, emotion_crops, read_emotions
from regard.vision.faces.descriptors import FACERES_PADDING, FACERES_SIDE
from regard.vision.faces.mesh import Meshes
from regard.vision.faces.mesh_geometry import MeanFace, shape_features
from training.card_metrics import share
from training.facesets import FaceSet, face_set, mirrored_readings, pictures, sessions
from training.fit_mean_face import mirror_places
from training.head_training import Plan, Samples, crossed, save, train, windowed

FACERES_WINDOW, EMOTION_WINDOW = (2, 12, 3, 11), (0, 8, 0, 8)
NAMES = tuple(EXPRESSIONS)
PLAN = Plan(
    NAMES,
    {"faceres": (FACERES_WINDOW, 32), "emotion": (EMOTION_WINDOW, 24)},
    dropout=0.5,
    decay=1.0,
    epochs=14,
)
FOLDS = 5
SMOOTHING = 0.1


def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(logits, targets[:, 0].long(), label_smoothing=SMOOTHING)


def emotion_maps(faces: FaceSet, cache: Path, *, mirrored: bool) -> np.ndarray:
    """(N, 8, 8, 256), float16, of the faces as their chips show them."""
    kept = cache / f"fer2013_emotions{'_mirrored' if mirrored else ''}.npy"
    if not kept.exists():
        runner, parts = sessions(), []
        template = ((TEMPLATE + FACERES_PADDING) / (1 + 2 * FACERES_PADDING) * FACERES_SIDE)[None]
        for chip in faces.chips:
            crop = emotion_crops(FaceChips(chip), template)
            parts.append(read_emotions(runner, crop[:, :, ::-1] if mirrored else crop)[0])
        np.save(kept, np.array(parts, np.float16))
    return np.load(kept)


def mirror_image(meshes: Meshes) -> Meshes:
    """Meshes of the mirrored faces: every point where its counterpart on the other side was."""
    pairs = mirror_places(MeanFace().points)
    irises = np.array([5, 6, 7, 8, 9, 0, 1, 2, 3, 4])
    points = meshes.points[:, np.concatenate([pairs, 468 + irises])] * np.array([-1, 1, 1], np.float32)
    return Meshes(points, meshes.lids[:, ::-1] * np.array([-1, 1], np.float32), meshes.scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--own", type=Path, help="folder for what no other script keeps; else CACHE")
    options = parser.parse_args()
    own = options.own or options.cache
    faces = face_set(options.data, "fer2013", options.cache)
    total = len(pictures(options.data, "fer2013"))
    truth = np.array([NAMES.index(name.split("/")[0]) for name in faces.names])
    parts = []
    for mirrored in (False, True):
        readings = mirrored_readings(faces.chips, options.cache, "fer2013") if mirrored else faces.readings
        meshes = mirror_image(faces.meshes) if mirrored else faces.meshes
        maps = {
            "faceres": windowed(readings.middles, FACERES_WINDOW),
            "emotion": windowed(emotion_maps(faces, own, mirrored=mirrored), EMOTION_WINDOW),
        }
        shape = shape_features(meshes, MeanFace().align(meshes.points))
        parts.append(Samples(maps, shape, truth[:, None].astype(float)))
    every = Samples.join(parts)
    fold = np.tile(np.random.default_rng(PLAN.seed).permutation(len(faces.names)) % FOLDS, 2)
    original = np.arange(len(every)) < len(faces.names)
    unseen = crossed(PLAN, every, loss, fold, judged=original)[original]
    scale = temperature(unseen, truth)
    said = unseen.argmax(1)
    right = said == truth
    sure = np.exp(scale * unseen - np.logaddexp.reduce(scale * unseen, 1)[:, None]).max(1)
    data = "FER2013, unseen pictures"
    missed = np.concatenate([right, np.zeros(total - len(truth), bool)])
    metrics = [
        share("emotions", "right, a picture without a find is wrong, %", missed, data),
        share("emotions", "right, %", right, data),
        *(share("emotions", f"right, {name}, %", right[truth == n], data) for n, name in enumerate(NAMES)),
        *calibration(sure, right, data),
    ]
    final = train(PLAN, every, loss)
    card = {
        "says": "what an expression would be called by most; it is not a feeling",
        "trained on": [
            f"FER2013, PublicTest (no licence stated), {len(truth)} faces, and their mirror images"
        ],
        "research-only data": "FER2013, in training: nothing free with these labels was at hand",
        "split": f"{FOLDS} folds by picture",
        "limits": "People agree on some 65 % of these pictures. Disgust has 54 examples, and fear is poor. "
        "CONFUSED is in no data: it gets up to a tenth where the seven are undecided, and never leads.",
        "metrics": metrics,
    }
    file = save("expression", final, np.full(7, scale), np.zeros(7), card)
    print(*metrics, f"temperature {scale:.3f}; {file.stat().st_size} bytes", sep="\n")


def temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The factor of logits that makes the truth likeliest."""
    factors = np.linspace(0.3, 3, 271)
    chosen = logits[np.arange(len(truth)), truth]
    likely = [(f * chosen - np.logaddexp.reduce(f * logits, 1)).mean() for f in factors]
    return float(factors[int(np.argmax(likely))])


def calibration(sure: np.ndarray, right: np.ndarray, data: str) -> list[dict[str, str | float | int]]:
    """How many were right where the best emotion's confidence was in a range."""
    return [
        share("emotions", f"right at {100 * low:.0f} to {100 * high:.0f} % sure, %", right[rows], data)
        for low, high in pairwise((0.0, 0.4, 0.6, 0.8, 0.9, 1.001))
        if (rows := (sure >= low) & (sure < high)).any()
    ]


if __name__ == "__main__":
    main()
