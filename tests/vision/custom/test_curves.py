"""Curves count what is assumed from each threshold on."""

from __future__ import annotations

import numpy as np

from regard.vision.custom.curves import THRESHOLDS, threshold_curve


def test_a_curve_has_precision_and_recall_at_each_threshold() -> None:
    confidences = np.array([0.9, 0.8, 0.5, 0.1], np.float32)
    curve = threshold_curve(confidences, np.array([True, False, True, False]), missed=2)
    assert curve is not None
    at = {threshold: place for place, threshold in enumerate(THRESHOLDS)}
    expected = {0.0: (0.5, 0.5), 0.3: (2 / 3, 0.5), 0.6: (0.5, 0.25), 0.85: (1.0, 0.25), 0.95: (None, 0.0)}
    for threshold, pair in expected.items():
        assert (curve.precision[at[threshold]], curve.recall[at[threshold]]) == pair


def test_what_is_nowhere_has_no_curve() -> None:
    assert threshold_curve(np.array([0.3], np.float32), np.array([False])) is None
    nothing = np.zeros(0, np.float32)
    missed = threshold_curve(nothing, np.zeros(0, bool), missed=1)
    assert missed is not None
    assert set(missed.precision) == {None}
    assert set(missed.recall) == {0.0}
