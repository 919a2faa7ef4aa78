"""Adapters: what the examples ask for, and what they leave as it was."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from regard.vision.custom.adapter import CorrectionExamples, ModerationAdapter, fit_correction
from regard.vision.custom.adapter_file import StoredAdapter, read_adapter, write_adapter
from regard.vision.custom.none_of_these import load_centroids
from regard.vision.custom.onnx_file import Backbone, ModelFileError
from regard.vision.features import NETWORK

CENTROIDS = load_centroids(NETWORK, 1280)
WIDTH = 1280


def pictures(kind: int, count: int, seed: int = 0) -> np.ndarray:
    """Features of pictures of one kind, whose part of them is larger than that of other pictures."""
    random = np.random.default_rng([kind, seed])
    roots = CENTROIDS[random.integers(0, len(CENTROIDS), count)] + random.uniform(-0.1, 0.1, (count, WIDTH))
    roots[:, kind * 40 : kind * 40 + 40] += 1
    return (np.maximum(roots, 0) ** 2).astype(np.float32)


def corrected(
    features: np.ndarray, base: float, *, truth: bool = False, threshold: float = 50
) -> ModerationAdapter:
    count = len(features)
    examples = CorrectionExamples(np.full(count, base), features, np.full(count, truth), is_said=True)
    return ModerationAdapter({"Explicit": fit_correction(examples, CENTROIDS, threshold)})


def said(adapter: ModerationAdapter, features: np.ndarray, base: float) -> np.ndarray:
    return np.array([adapter.confidences({"Explicit": base}, row)["Explicit"] for row in features])


def test_false_alarms_of_a_kind_go_and_other_pictures_are_answered_as_before() -> None:
    adapter = corrected(pictures(0, 20), 80)
    assert (said(adapter, pictures(0, 10, seed=1), 80) < 50).all()
    others = said(adapter, pictures(7, 10, seed=1), 80)
    assert (others > 70).all()


def test_misses_of_a_kind_are_found() -> None:
    adapter = corrected(pictures(0, 20), 10, truth=True)
    assert (said(adapter, pictures(0, 10, seed=1), 10) > 50).all()
    assert (said(adapter, pictures(7, 10, seed=1), 10) < 50).all()


def test_what_counts_as_said_is_the_threshold_s_to_say() -> None:
    adapter = corrected(pictures(0, 20), 8, threshold=5)
    assert (said(adapter, pictures(0, 10, seed=1), 8) < 5).all()


def test_pictures_on_which_the_base_is_right_don_t_water_the_others_down() -> None:
    features = np.concatenate([pictures(0, 20), pictures(3, 300)])
    base = np.array([80.0] * 20 + [1.0] * 300)
    examples = CorrectionExamples(base, features, np.zeros(320, bool), is_said=True)
    adapter = ModerationAdapter({"Explicit": fit_correction(examples, CENTROIDS, 50)})
    assert (said(adapter, pictures(0, 10, seed=1), 80) < 50).all()


def test_a_label_that_the_base_never_says_is_learned_from_examples_alone() -> None:
    features = np.concatenate([pictures(0, 30), pictures(3, 30)])
    truth = np.arange(60) < 30
    examples = CorrectionExamples(np.zeros(60), features, truth, is_said=False)
    adapter = ModerationAdapter({"Weapons": fit_correction(examples, CENTROIDS, 50)})
    for kind, is_weapon in ((0, True), (3, False), (9, False)):
        found = [adapter.confidences({}, row)["Weapons"] >= 50 for row in pictures(kind, 10, seed=1)]
        assert found == [is_weapon] * 10


def test_the_file_says_what_the_adapter_says() -> None:
    adapter = corrected(pictures(0, 20), 80)
    stored = StoredAdapter(adapter, Backbone(NETWORK, "0" * 64), "1" * 64)
    content = write_adapter(stored)
    assert content == write_adapter(stored)
    again = read_adapter(content)
    assert (again.backbone, again.base) == (stored.backbone, stored.base)
    features = np.concatenate([pictures(0, 4, seed=1), pictures(7, 4, seed=1)])
    expected = said(adapter, features, 99.9)
    assert said(again.adapter, features, 99.9) == pytest.approx(expected)
    session = onnxruntime.InferenceSession(content)
    feeds = {"features": features, "base": np.full((8, 1), 0.999, np.float32)}
    assert 100 * session.run(None, feeds)[0][:, 0] == pytest.approx(expected, abs=1e-2)


def test_features_of_another_network_and_files_of_another_kind_are_refused() -> None:
    adapter = corrected(pictures(0, 20), 80)
    with pytest.raises(ValueError, match="reads 1280 features"):
        adapter.confidences({}, np.ones(5))
    with pytest.raises(ModelFileError):
        read_adapter(b"nothing")
