"""Thresholds are where F1 is best, on the test set where it tells enough, else on the folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.vision.custom.labels import fit_labels
from regard.vision.custom.thresholds import assumed_thresholds, best_threshold, few_pictures
from tests.vision.custom.made import NOTHING, clusters


def test_the_threshold_lies_between_what_is_right_and_what_is_wrong() -> None:
    found = best_threshold(np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, True, False, False]))
    assert found.value == pytest.approx(0.55)
    assert found.f1 == 1


def test_a_mistake_is_allowed_where_it_gains_more() -> None:
    found = best_threshold(np.array([0.9, 0.8, 0.7, 0.6, 0.2]), np.array([True, False, True, True, False]))
    assert found.value == pytest.approx(0.4)
    assert found.f1 == pytest.approx(6 / 7)


def test_a_label_that_no_picture_has_gets_the_middle() -> None:
    assert best_threshold(np.array([0.9, 0.1]), np.array([False, False])).value == 0.5


SCORES = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1)


@given(SCORES)
def test_no_threshold_gives_a_better_f1(scores: list[tuple[float, bool]]) -> None:
    said, truth = np.array([one for one, _ in scores]), np.array([there for _, there in scores])
    found = best_threshold(said, truth)

    def f1(threshold: float) -> float:
        taken = said >= threshold
        return 2 * (taken & truth).sum() / max(taken.sum() + truth.sum(), 1)

    if truth.any():
        assert found.f1 == pytest.approx(max(f1(threshold) for threshold in said))
        assert f1(found.value) == pytest.approx(found.f1)


def test_labels_with_few_test_pictures_are_judged_on_the_folds() -> None:
    fit = fit_labels(clusters({"ant": 20, "bee": 20, "wasp": 20}, spread=0.6), NOTHING, seed=1)
    test = clusters({"ant": 15, "bee": 15, "wasp": 3}, seed=9, spread=0.6)
    by_folds, by_both = assumed_thresholds(fit, None), assumed_thresholds(fit, test)
    assert few_pictures(fit.model.names, test) == {"wasp"}
    assert few_pictures(fit.model.names, None) == {"ant", "bee", "wasp"}
    assert by_both["wasp"] == by_folds["wasp"]
    assert by_both["ant"] != by_folds["ant"]
