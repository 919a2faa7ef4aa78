"""Labels are learned from a few real photos, and photos of something else get none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from regard.vision.custom.embedding import PictureFeatures
from regard.vision.custom.evaluation import evaluate_labels
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.labels import fit_labels
from regard.vision.custom.none_of_these import load_centroids
from regard.vision.custom.thresholds import assumed_thresholds
from regard.vision.features import NETWORK
from regard.vision.image import decode_image
from regard.vision.session import SessionPool

SCENES = ("art_gallery", "ice_skating", "library", "mountain")
CENTROIDS = load_centroids(NETWORK, PictureFeatures.dimension)


def read(files: Sequence[Path], sessions: SessionPool) -> np.ndarray:
    return PictureFeatures(sessions).read_all(decode_image(file.read_bytes(), min_side=24) for file in files)


@pytest.fixture(scope="module")
def scenes(shared_data: Path, sessions: SessionPool) -> dict[str, np.ndarray]:
    """Features of 20 photos of each of four scenes."""
    folders = {name: sorted((shared_data / "scenes" / name).iterdir())[::6][:20] for name in SCENES}
    return {name: read(files, sessions) for name, files in folders.items()}


def examples(scenes: dict[str, np.ndarray], part: slice) -> LabelExamples:
    rows = np.concatenate([features[part] for features in scenes.values()])
    labels = tuple((name,) for name, features in scenes.items() for _ in features[part])
    return LabelExamples(rows, labels)


def test_ten_photos_of_a_scene_are_enough(scenes: dict[str, np.ndarray]) -> None:
    fit = fit_labels(examples(scenes, slice(0, 10)), CENTROIDS, seed=1)
    found = evaluate_labels(fit.model, assumed_thresholds(fit, None), examples(scenes, slice(10, 20)))
    assert fit.model.knows_none
    assert found.f1 > 0.85


def test_photos_of_animals_are_no_scene(
    scenes: dict[str, np.ndarray], shared_data: Path, sessions: SessionPool
) -> None:
    """The averages of something else were made of none of these insects and flowers."""
    folders = [
        sorted((shared_data / "custom" / name).iterdir())[:12] for name in ("insects/ants", "flowers/rose")
    ]
    strange = read([file for files in folders for file in files], sessions)
    labelled = []
    for centroids in (CENTROIDS, CENTROIDS[:0]):
        fit = fit_labels(examples(scenes, slice(0, 10)), centroids, seed=1)
        bars = [assumed_thresholds(fit, None)[name] for name in fit.model.names]
        labelled.append(float((fit.model.confidences(strange) >= bars).any(1).mean()))
    assert labelled[0] < 0.15
    assert labelled[1] > 0.5
