"""Vectors in a crowd move apart, in their own direction and within bounds."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from regard.vision.faces.crowding import Crowding

AVERAGE = np.array([1.0, 2.0, 0.0], np.float32)


def crowding(
    slope: tuple[float, float, float] = (0, 0, 0),
    curvature: float = 0.0,
    offset: float = 0.0,
    bound: float = 9.0,
) -> Crowding:
    """With one leading direction, the first axis."""
    return Crowding(
        AVERAGE,
        np.array(slope, np.float32),
        np.array([[1], [0], [0]], np.float32),
        np.array([[curvature]], np.float32),
        np.float32(offset),
        np.array([-bound, bound], np.float32),
    )


def test_the_average_face_stays_where_it_is() -> None:
    assert crowding((1, 2, 3), 4, 0.5).even_out(AVERAGE[None])[0] == pytest.approx(AVERAGE)


def test_a_vector_moves_straight_away_from_the_average_face() -> None:
    moved = crowding((0, 0, 0.5)).even_out(AVERAGE + np.array([[1, -1, 2]], np.float32))
    assert moved[0] - AVERAGE == pytest.approx(np.array([1, -1, 2]) * np.exp(1.0))


def test_two_faces_of_a_crowded_kind_come_further_apart_than_two_of_a_rare_one() -> None:
    steps = np.array([[0, 1, 1], [0, -1, 1], [0, 1, -1], [0, -1, -1]], np.float32)  # two crowded, two rare
    moved = crowding((0, 0, 0.2)).even_out(AVERAGE + steps)
    crowded, rare = np.linalg.norm(moved[0] - moved[1]), np.linalg.norm(moved[2] - moved[3])
    assert crowded == pytest.approx(2 * np.exp(0.2))
    assert rare == pytest.approx(2 * np.exp(-0.2))


def test_the_square_of_a_leading_coordinate_counts_on_both_sides() -> None:
    steps = np.array([[2, 0, 0], [-2, 0, 0], [0, 2, 0]], np.float32)
    assert crowding(curvature=0.1, offset=0.3).stretches(AVERAGE + steps) == pytest.approx(
        np.exp([0.1, 0.1, -0.3])
    )


def test_no_vector_moves_further_than_the_faces_that_it_was_fitted_on() -> None:
    far = AVERAGE + np.array([[0, 0, 100], [0, 0, -100]], np.float32)
    assert crowding((0, 0, 1), bound=0.2).stretches(far) == pytest.approx(np.exp([0.2, -0.2]))


def test_the_default_constants_move_every_vector_by_little() -> None:
    with files("regard.vision.faces").joinpath("embeddings", "2.0.npz").open("rb") as file:
        fitted = Crowding.load(np.load(file, allow_pickle=False))
    low, high = np.exp(fitted.bounds)
    assert 0.75 < low < 0.95
    assert 1.05 < high < 1.35
    assert fitted.average.shape == (384,)
