"""What learning boxes is made of: views, targets of cells, matching, average precision, thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from regard.vision.custom.box_evaluation import (
    average_precision,
    best_box_threshold,
    evaluate_boxes,
    matched,
)
from regard.vision.custom.box_examples import views
from regard.vision.custom.box_model import BoxFinding
from regard.vision.custom.box_rows import CellTargets, cell_centres
from regard.vision.geometry import Box, iou
from regard.vision.image import Image

WHOLE = Box(0, 0, 1, 1)
LEFT, RIGHT = Box(0, 0, 0.5, 1), Box(0.5, 0, 0.5, 1)


def said(name: str, confidence: float, box: Box) -> BoxFinding:
    return BoxFinding(name, confidence, box)


@pytest.mark.parametrize(("width", "height"), [(300, 200), (120, 600), (1500, 1000)])
def test_boxes_of_a_view_are_where_the_view_shows_them(width: int, height: int) -> None:
    """A white rectangle on dark grey: where the view is bright its box must be."""
    pixels = np.full((height, width, 3), 40, np.uint8)
    left, top, right, bottom = width // 4, height // 3, width // 2, height // 2
    pixels[top:bottom, left:right] = 255
    boxes = np.array([[left / width, top / height, right / width, bottom / height]])
    random = np.random.default_rng(3)
    shown = [view for view in views(Image(pixels, ""), boxes, 6, random) if len(view.boxes)]
    assert len(shown) >= 4
    for view in shown:
        down, across = np.nonzero(view.square.max(2) > 100)
        seen = np.array([[across.min(), down.min(), across.max() + 1, down.max() + 1]], float)
        assert iou(seen, view.boxes)[0, 0] > 0.85
        assert view.square.shape == (512, 512, 3)


def test_a_box_that_is_hardly_in_view_is_not_learned() -> None:
    random = np.random.default_rng(0)
    corner = np.array([[0.0, 0.0, 0.05, 0.05]])
    counts = [
        len(view.boxes) for view in views(Image(np.zeros((80, 80, 3), np.uint8), ""), corner, 20, random)
    ]
    assert 0 in counts
    assert 1 in counts


def test_cells_about_the_middle_of_a_box_are_its_own_and_know_its_sides() -> None:
    box = np.array([[100.0, 200.0, 260.0, 300.0]])
    targets = CellTargets.of(box, np.array([1]), 2)
    inside = np.flatnonzero(targets.is_middle)
    assert not targets.middles[:, 0].any()
    assert len(inside) > 4
    sides = np.exp(targets.distances[inside])
    again = np.concatenate([cell_centres()[inside] - sides[:, :2], cell_centres()[inside] + sides[:, 2:]], 1)
    np.testing.assert_allclose(again, np.repeat(box, len(inside), 0), atol=1e-9)


def test_the_smallest_box_has_a_cell() -> None:
    assert CellTargets.of(np.array([[101.0, 101.0, 103.0, 103.0]]), np.array([0]), 1).is_middle.sum() >= 1


def test_a_true_box_is_found_once_by_the_most_confident() -> None:
    found = [said("cat", 0.5, LEFT), said("cat", 0.9, LEFT), said("dog", 0.8, LEFT)]
    outcomes = matched([("cat", LEFT), ("cat", RIGHT)], found)
    assert [(one.name, one.confidence, one.true) for one in outcomes] == [
        ("cat", 0.9, LEFT),
        ("dog", 0.8, None),
        ("cat", 0.5, None),
        ("cat", 0.0, RIGHT),
    ]


def test_a_box_that_shares_too_little_is_another() -> None:
    outcomes = matched([("cat", WHOLE)], [said("cat", 0.9, Box(0, 0, 0.45, 1))])
    assert [(one.true, one.found is None) for one in outcomes] == [(None, False), (WHOLE, True)]


def test_average_precision_is_the_area_below_the_curve() -> None:
    right = np.array([True, False, True])
    found = average_precision(np.array([0.9, 0.8, 0.7]), right, 2)
    assert found == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    assert average_precision(np.array([]), np.array([], bool), 3) == 0
    assert average_precision(np.array([0.9]), np.array([True]), 4) == pytest.approx(26 / 101)


def test_what_nothing_was_found_for_counts_in_the_threshold() -> None:
    outcomes = matched(
        [("cat", LEFT), ("cat", RIGHT)], [said("cat", 0.9, LEFT), said("cat", 0.2, Box(0, 0, 0.1, 0.1))]
    )
    best = best_box_threshold(outcomes)
    assert best.value == pytest.approx(0.55)
    assert best.f1 == pytest.approx(2 / 3)


def test_an_evaluation_counts_boxes_at_the_thresholds() -> None:
    true = [[("cat", LEFT)], [("cat", LEFT), ("dog", RIGHT)], []]
    found = [
        [said("cat", 0.4, LEFT)],
        [said("cat", 0.9, LEFT), said("dog", 0.7, WHOLE)],
        [said("cat", 0.6, LEFT)],
    ]
    result = evaluate_boxes(("cat", "dog"), {"cat": 0.5, "dog": 0.5}, true, found)
    cat, dog = result.labels["cat"], result.labels["dog"]
    assert (cat.found, cat.false, cat.missed) == (1, 1, 1)
    assert (dog.found, dog.false, dog.missed) == (1, 0, 0)  # half of the whole is an IoU of .5
    assert result.average_precision["cat"] == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert [one.is_assumed for one in result.pictures[0]] == [False]
