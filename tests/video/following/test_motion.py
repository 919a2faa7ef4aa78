"""The filter that predicts where boxes are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.video.following.motion import FACES, PERSONS, Motion, MotionModel, to_boxes, to_places

BOX = np.array([[100.0, 50.0, 160.0, 210.0]])


def moved(seconds: float, speed: float) -> np.ndarray:
    return BOX + np.array([speed * seconds, 0, speed * seconds, 0])


def followed(speed: float, *, steps: int = 8, every: float = 0.2) -> Motion:
    motion = Motion.of(BOX, PERSONS)
    for number in range(1, steps + 1):
        motion = motion.predicted(every, PERSONS)
        motion = motion.corrected(moved(number * every, speed), np.ones(1), PERSONS)
    return motion


@pytest.mark.parametrize("model", [PERSONS, FACES])
@given(first=st.floats(0, 5), second=st.floats(0, 5))
def test_two_steps_of_time_are_one_of_both(model: MotionModel, first: float, second: float) -> None:
    motion = Motion(to_places(BOX), np.array([[50.0, -20.0, 0.1, 0.0]]), Motion.of(BOX, model).spreads)
    twice, once = (
        motion.predicted(first, model).predicted(second, model),
        motion.predicted(first + second, model),
    )
    assert twice.places == pytest.approx(once.places)
    assert twice.speeds == pytest.approx(once.speeds)
    assert twice.spreads == pytest.approx(once.spreads, rel=1e-6, abs=1e-9)


@given(seconds=st.floats(0, 60))
def test_spreads_stay_covariances(seconds: float) -> None:
    place, both, speed = np.moveaxis(followed(80).predicted(seconds, PERSONS).spreads, -1, 0)
    assert (place > 0).all()
    assert (speed > 0).all()
    assert (place * speed - both**2 > -1e-12).all()


def test_a_walker_is_expected_where_they_will_be() -> None:
    motion = followed(80).predicted(0.2, PERSONS)
    expected = motion.boxes()[0]
    assert abs(expected[0] - moved(1.8, 80)[0, 0]) < 5


def test_who_is_not_seen_drifts_to_a_stop() -> None:
    motion = followed(80)
    soon, late, later = (motion.predicted(seconds, PERSONS).places[0, 0] for seconds in (0.5, 10, 20))
    assert motion.places[0, 0] + 20 < soon < late
    assert later == pytest.approx(late, abs=1)


def test_the_longer_unseen_the_less_a_place_says() -> None:
    motion = followed(0)
    near, away = motion.boxes(), motion.boxes() + np.array([120, 0, 120, 0])
    soon = motion.predicted(0.2, PERSONS).evidence(np.concatenate([near, away]), PERSONS)[0]
    late = motion.predicted(2.0, PERSONS).evidence(np.concatenate([near, away]), PERSONS)[0]
    assert soon[0] > late[0]
    assert soon[1] < late[1]
    assert soon[0] - soon[1] > late[0] - late[1] > 0


def test_one_box_that_is_far_off_hardly_moves_it() -> None:
    motion = followed(0)
    halved = BOX.copy()
    halved[0, 3] = 130  # the legs are hidden
    once = motion.predicted(0.2, PERSONS).corrected(halved, np.ones(1), PERSONS).boxes()[0]
    assert once[3] > 170
    slightly = BOX + np.array([0, 0, 0, 8.0])
    assert motion.predicted(0.2, PERSONS).corrected(slightly, np.ones(1), PERSONS).boxes()[0, 3] > 211


def test_many_boxes_go_their_own_ways() -> None:
    boxes = np.concatenate([BOX, BOX + 300])
    both = Motion.of(boxes, PERSONS).predicted(0.3, PERSONS).corrected(boxes + 10, np.ones(2), PERSONS)
    for number in range(2):
        rows = slice(number, number + 1)
        alone = Motion.of(boxes[rows], PERSONS).predicted(0.3, PERSONS)
        alone = alone.corrected(boxes[rows] + 10, np.ones(1), PERSONS)
        assert np.array_equal(both.take(np.array([number])).places, alone.places)
        assert np.array_equal(both.take(np.array([number])).spreads, alone.spreads)


@given(st.tuples(*[st.floats(-1e4, 1e4)] * 2, *[st.floats(1, 1e4)] * 2))
def test_places_are_boxes(facts: tuple[float, ...]) -> None:
    left, top, wide, tall = facts
    box = np.array([[left, top, left + wide, top + tall]])
    assert to_boxes(to_places(box)) == pytest.approx(box, abs=1e-6)
