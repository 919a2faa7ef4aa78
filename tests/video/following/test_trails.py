"""Places between samples."""

from __future__ import annotations

import json

import numpy as np
import pytest

from regard.video.following.trails import Trails

BOX = np.array([[0.0, 0.0, 10.0, 20.0]])


def two_sights(apart: int = 200) -> Trails:
    trails = Trails()
    trails.add(1_000, [3], BOX)
    trails.add(1_000 + apart, [3], BOX + 8)
    return trails


def test_between_two_sights_a_box_goes_straight() -> None:
    ids, boxes = two_sights().at(1_050)
    assert ids.tolist() == [3]
    assert boxes[0] == pytest.approx(BOX[0] + 2)


def test_a_sight_is_told_as_it_was() -> None:
    assert two_sights().at(1_200)[1].tolist() == (BOX + 8).tolist()


def test_before_the_first_and_after_the_last_sight_nobody_is_there() -> None:
    assert two_sights().at(999)[0].tolist() == two_sights().at(1_201)[0].tolist() == []


def test_sights_too_far_apart_have_nothing_between() -> None:
    assert two_sights(1_600).at(1_100)[0].tolist() == []


def test_nothing_leads_over_a_cut() -> None:
    trails = Trails()
    trails.add(0, [0], BOX)
    trails.cut()
    trails.add(200, [0], BOX)
    assert trails.at(100)[0].tolist() == []


def test_sights_that_are_named_late_find_their_place_and_nobodys_are_passed_over() -> None:
    trails = Trails()
    trails.add(400, [1, -1], np.concatenate([BOX + 4, BOX]))
    trails.add(0, [1], BOX)
    ids, boxes = trails.at(200)
    assert ids.tolist() == [1]
    assert boxes[0] == pytest.approx(BOX[0] + 2)


def test_old_sights_are_given_up() -> None:
    trails = Trails(keep=1_000)
    for number in range(500):
        trails.add(200 * number, [number], BOX)
    assert len(trails.state()["points"]) <= 6


def test_it_goes_on_from_its_state() -> None:
    trails = Trails.restore(json.loads(json.dumps(two_sights().state())))
    trails.add(1_400, [3], BOX)
    again = two_sights()
    again.add(1_400, [3], BOX)
    for when in range(1_000, 1_401, 50):
        assert trails.at(when)[1].tolist() == again.at(when)[1].tolist()
