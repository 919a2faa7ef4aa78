"""Boxes against a raster on which their pixels are counted one by one, and what else all models share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regard.vision import geometry
from regard.vision.geometry import Box

SIDE = 16  # px of the raster

edges = st.integers(0, SIDE)
rows = st.lists(st.tuples(edges, edges, edges, edges), max_size=8).map(
    lambda found: np.array(found, np.float64).reshape(-1, 4)
)
scored = rows.flatmap(
    lambda boxes: st.tuples(
        st.just(boxes), st.permutations(range(len(boxes))).map(lambda order: np.array(order, np.float32))
    )
)
places = st.floats(-50, 50)
sizes = st.floats(0, 50)
any_box = st.builds(Box, places, places, sizes, sizes)


def pixels(boxes: np.ndarray) -> np.ndarray:
    """(N, SIDE, SIDE): the pixels within each of the boxes."""
    middle = np.arange(SIDE) + 0.5
    across = (middle > boxes[:, 0, None]) & (middle < boxes[:, 2, None])
    down = (middle > boxes[:, 1, None]) & (middle < boxes[:, 3, None])
    return down[:, :, None] & across[:, None, :]


def counted(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shared pixels (N, M), those of each of `one` (N, 1), and of each of `other` (1, M)."""
    first, second = pixels(one), pixels(other)
    shared = (first[:, None] & second[None]).sum((2, 3))
    return shared, first.sum((1, 2))[:, None], second.sum((1, 2))[None]


def share(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    return np.where(wholes > 0, parts / np.maximum(wholes, 1), 0)


@given(rows)
def test_areas_are_the_pixels_within(boxes: np.ndarray) -> None:
    assert geometry.areas(boxes).tolist() == pixels(boxes).sum((1, 2)).tolist()


@given(rows, rows)
def test_intersections_are_the_shared_pixels(one: np.ndarray, other: np.ndarray) -> None:
    assert geometry.intersections(one, other).tolist() == counted(one, other)[0].tolist()


@given(rows, rows)
def test_iou_is_of_the_shared_pixels_and_of_those_in_either(one: np.ndarray, other: np.ndarray) -> None:
    shared, first, second = counted(one, other)
    assert geometry.iou(one, other) == pytest.approx(share(shared, first + second - shared))


@given(rows, rows)
def test_a_share_of_the_smaller_is_of_whichever_has_fewer_pixels(one: np.ndarray, other: np.ndarray) -> None:
    shared, first, second = counted(one, other)
    assert geometry.share_of_smaller(one, other) == pytest.approx(share(shared, np.minimum(first, second)))


@given(rows, rows)
def test_a_share_that_is_covered_is_of_the_box_itself(one: np.ndarray, other: np.ndarray) -> None:
    shared, first, _ = counted(one, other)
    assert geometry.share_covered(one, by=other) == pytest.approx(
        share(shared, np.broadcast_to(first, shared.shape))
    )


@given(rows, rows)
def test_a_box_is_nested_that_shares_more_than_half_of_the_smaller_with_another(
    one: np.ndarray, other: np.ndarray
) -> None:
    shared, first, second = counted(one, other)
    assert geometry.nested(one, other).tolist() == (2 * shared > np.minimum(first, second)).any(1).tolist()


@given(rows)
def test_filled_are_the_pixels_in_any_box(boxes: np.ndarray) -> None:
    assert (geometry.filled(boxes, SIDE, SIDE) == pixels(boxes).any(0)).all()


def test_a_box_beside_the_picture_fills_nothing() -> None:
    outside = np.array([[-9, -9, -2, -2], [20, 20, 30, 30], [-5, 2, -1, 8]], np.float64)
    assert not geometry.filled(outside, SIDE, SIDE).any()


def suppressed(boxes: np.ndarray, scores: np.ndarray, rival: Callable[[int, int], bool]) -> list[int]:
    kept: list[int] = []
    for row in np.argsort(-scores).tolist():
        if not any(rival(row, other) for other in kept):
            kept.append(row)
    return kept


@given(scored, st.sampled_from([0.0, 0.25, 0.5, 0.9]))
def test_of_boxes_that_overlap_the_best_is_kept(found: tuple[np.ndarray, np.ndarray], limit: float) -> None:
    boxes, scores = found
    some = geometry.areas(boxes) > 0
    boxes, scores = boxes[some], scores[some]
    shared, first, second = counted(boxes, boxes)
    rivals = share(shared, first + second - shared) > limit
    kept = suppressed(boxes, scores, lambda row, other: bool(rivals[row, other]))
    assert geometry.nms(boxes, scores, limit).tolist() == kept


@given(scored, st.sampled_from([0.0, 0.25, 0.5, 0.9]), st.data())
def test_boxes_of_different_classes_do_not_suppress_each_other(
    found: tuple[np.ndarray, np.ndarray], limit: float, data: st.DataObject
) -> None:
    boxes, scores = found
    some = geometry.areas(boxes) > 0
    boxes, scores = boxes[some], scores[some]
    classes = data.draw(arrays(np.intp, len(boxes), elements=st.integers(0, 2)))
    shared, first, second = counted(boxes, boxes)
    rivals = (share(shared, first + second - shared) > limit) & (classes[:, None] == classes[None])
    kept = suppressed(boxes, scores, lambda row, other: bool(rivals[row, other]))
    assert geometry.nms_by_class(boxes, scores, classes, limit).tolist() == kept


@given(scored, st.sampled_from([0.25, 0.5, 0.7]))
def test_a_box_within_a_better_one_goes_however_small_it_is(
    found: tuple[np.ndarray, np.ndarray], limit: float
) -> None:
    boxes, scores = found
    shared, first, second = counted(boxes, boxes)
    rivals = share(shared, np.minimum(first, second)) > limit
    kept = suppressed(boxes, scores, lambda row, other: bool(rivals[row, other]))
    assert geometry.nms_nested(boxes, scores, limit).tolist() == kept


@pytest.mark.parametrize("boxes", [np.zeros((0, 4), np.float32), np.array([[1, 1, 1, 9]], np.float32)])
def test_empty_boxes_and_none_share_nothing(boxes: np.ndarray) -> None:
    others = np.array([[0, 0, 9, 9], [1, 1, 1, 9]], np.float32)
    for measure in (geometry.iou, geometry.share_of_smaller, geometry.share_covered):
        found = measure(boxes, others)
        assert found.shape == (len(boxes), 2)
        assert found.dtype == np.float32
        assert not found.any()
    assert geometry.nms(boxes, np.ones(len(boxes)), 0.5).tolist() == list(range(len(boxes)))


@given(st.lists(any_box, max_size=5))
def test_boxes_become_corners_and_boxes_again(boxes: list[Box]) -> None:
    again = geometry.boxes_of(geometry.corners(boxes))
    for one, other in zip(boxes, again, strict=True):
        assert (other.left, other.top) == (one.left, one.top)
        assert (other.width, other.height) == pytest.approx((one.width, one.height))


@given(any_box)
def test_what_is_clipped_is_what_a_box_shares_with_the_picture(box: Box) -> None:
    clipped = box.clipped(20, 10)
    whole = geometry.corners([Box(0, 0, 20, 10)])
    assert clipped.area == pytest.approx(float(geometry.intersections(geometry.corners([box]), whole)[0, 0]))
    assert 0 <= clipped.left <= clipped.right <= 20
    assert 0 <= clipped.top <= clipped.bottom <= 10


@given(any_box, any_box)
def test_boxes_that_share_an_area_touch(one: Box, other: Box) -> None:
    assert one.touches(other) == other.touches(one)
    if geometry.intersections(geometry.corners([one]), geometry.corners([other]))[0, 0] > 0:
        assert one.touches(other)


def test_boxes_side_by_side_touch_and_apart_they_do_not() -> None:
    assert Box(0, 0, 5, 5).touches(Box(5, 5, 5, 5))
    assert not Box(0, 0, 5, 5).touches(Box(5.1, 0, 5, 5))
    assert not Box(0, 0, 5, 5).touches(Box(0, -6, 5, 5.9))


def test_a_box_in_fractions_is_the_same_place() -> None:
    assert Box(160, 60, 320, 120).relative_to(640, 240) == Box(0.25, 0.25, 0.5, 0.5)


def test_squares_have_the_middle_and_the_longer_side_of_their_box() -> None:
    boxes = np.array([[0, 0, 10, 4], [5, 5, 6, 11]], np.float32)
    assert geometry.squares(boxes).tolist() == [[0, -3, 10, 7], [2.5, 5, 8.5, 11]]


def quad(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


@given(rows, rows, st.floats(-np.pi, np.pi), st.booleans())
def test_quadrilaterals_share_what_upright_boxes_do_however_they_are_turned(
    one: np.ndarray, other: np.ndarray, angle: float, clockwise: bool
) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = [
        np.array([quad(*box) @ turn.T for box in boxes], np.float32).reshape(-1, 4, 2)
        for boxes in (one, other)
    ]
    second = turned[1] if clockwise else turned[1][:, ::-1]
    some = (geometry.areas(one) > 0)[:, None] & (geometry.areas(other) > 0)[None]
    right = (one[:, 2:] > one[:, :2]).all(1)[:, None] & (other[:, 2:] > other[:, :2]).all(1)[None]
    found, expected = geometry.quads_share(turned[0], second), geometry.share_of_smaller(one, other)
    assert found[some & right] == pytest.approx(expected[some & right], abs=1e-4)


def test_a_diamond_in_a_square_is_half_of_it() -> None:
    diamond = np.array([[[5, 0], [10, 5], [5, 10], [0, 5]]], np.float32)
    corner = quad(5, 5, 10, 10)[None]
    assert geometry.quads_share(diamond, corner).tolist() == [[0.5]]
    assert geometry.quads_share(diamond, diamond).tolist() == [[1]]
    assert geometry.quads_share(diamond[:0], corner).shape == (0, 1)


@given(rows, rows)
def test_a_share_inside_is_of_the_pixels_in_any_polygon(one: np.ndarray, other: np.ndarray) -> None:
    regions = [quad(*box) for box in other[geometry.areas(other) > 0]]
    inside = pixels(other).any(0)
    for box, own in zip(one, pixels(one), strict=True):
        if own.any():
            expected = (own & inside).sum() / own.sum()
            assert geometry.share_inside(quad(*box), regions) == pytest.approx(expected, abs=0.03)


@given(arrays(np.float64, (3, 4), elements=st.floats(-1e3, 1e3)))
def test_unit_rows_have_length_one_and_their_direction(given_rows: np.ndarray) -> None:
    unit = geometry.unit_rows(given_rows)
    lengths = np.linalg.norm(given_rows, axis=1)
    some = lengths > 1e-6
    assert np.linalg.norm(unit[some], axis=1) == pytest.approx(1)
    assert unit[some] * lengths[some, None] == pytest.approx(given_rows[some])
    assert not geometry.unit_rows(np.zeros((2, 3), np.float32)).any()


@given(st.floats(0.001, 0.999))
def test_a_sigmoid_is_the_probability_of_log_odds(probability: float) -> None:
    assert geometry.sigmoid(np.log(np.array(probability / (1 - probability)))) == pytest.approx(probability)


def test_a_sigmoid_of_very_large_log_odds_is_sure_and_keeps_the_type() -> None:
    found = geometry.sigmoid(np.array([-1e9, 0, 1e9], np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx([0, 0.5, 1])
