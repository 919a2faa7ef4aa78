"""Which part of a live picture is examined."""

from __future__ import annotations

from regard.video.live.attention import Attention
from regard.vision.geometry import Box

SIZE = (1280, 720)


def test_what_moved_is_examined_with_a_margin_around_it() -> None:
    assert Attention().region(0, [Box(300, 200, 100, 50)], [], *SIZE) == Box(204, 104, 292, 242)


def test_a_picture_in_which_nothing_moves_and_nobody_is_followed_is_not_examined() -> None:
    assert Attention().region(0, [], [], *SIZE) is None


def test_a_place_is_examined_for_two_seconds_after_something_moved_there() -> None:
    attention = Attention()
    attention.region(0, [Box(300, 200, 100, 50)], [], *SIZE)
    assert attention.region(2_000, [], [], *SIZE) == Box(204, 104, 292, 242)
    assert attention.region(2_001, [], [], *SIZE) is None


def test_where_somebody_is_followed_is_examined_though_nothing_moves() -> None:
    assert Attention().region(0, [], [Box(600, 300, 40, 40)], *SIZE) == Box(504, 204, 232, 232)


def test_all_of_a_picture_is_examined_when_it_is_asked_for_or_nearly_all_moved() -> None:
    whole = Box(0, 0, 1280, 720)
    assert Attention().region(0, None, [], *SIZE) == whole
    assert Attention().region(0, [Box(150, 90, 900, 560)], [], *SIZE) == whole
