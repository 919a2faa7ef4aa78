"""How many faces pass is counted by where they are: each once, however quickly they walk."""

from __future__ import annotations

import numpy as np
import pytest

from regard.video.live.passers import PasserCount

HEIGHT, STEP = 64.0, 0.25  # px, s


def boxes(*lefts: float) -> np.ndarray:
    return np.array([[left, 100, left + 50, 100 + HEIGHT] for left in lefts], np.float64).reshape(-1, 4)


def count(pictures: list[np.ndarray]) -> int:
    passers = PasserCount()
    for number, seen in enumerate(pictures):
        passers.observe(round(1000 * STEP * number), seen, np.full(len(seen), 0.99))
    return passers.passed


@pytest.mark.parametrize("heights", [0.0, 0.5, 2.0, 4.0, 6.4])  # a second; the last walks at 1.4 m/s
def test_a_face_is_counted_once_however_quickly_it_crosses(heights: float) -> None:
    assert count([boxes(20 + heights * HEIGHT * STEP * number) for number in range(8)]) == 1


def test_two_who_walk_side_by_side_are_two() -> None:
    assert count([boxes(20 + 60 * number, 420 + 60 * number) for number in range(8)]) == 2


def test_who_comes_seconds_later_is_another() -> None:
    once = [boxes(20 + 60 * number) for number in range(8)]
    assert count([*once, *[boxes()] * 12, *once]) == 2


def test_a_single_unsure_find_is_nobody() -> None:
    assert count([boxes(), boxes(100), *[boxes()] * 8]) == 0
