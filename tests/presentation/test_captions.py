"""Captions find places of their own."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from regard.presentation.captions import Rectangle, place_captions

WIDTH, HEIGHT = 400.0, 300.0
fractions = st.floats(0, 1)


@st.composite
def boxes(draw: st.DrawFn) -> Rectangle:
    left, right = sorted((draw(fractions) * WIDTH, draw(fractions) * WIDTH))
    top, bottom = sorted((draw(fractions) * HEIGHT, draw(fractions) * HEIGHT))
    return left, top, right, bottom


def meet(one: Rectangle, other: Rectangle) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 0 and down > 0 and across * down > 1e-5


@given(st.lists(st.tuples(boxes(), st.floats(10, 150), st.floats(8, 30)), max_size=30))
def test_no_caption_covers_another_or_leaves_the_picture(
    marks: list[tuple[Rectangle, float, float]],
) -> None:
    sizes = [[(across, down), (10.0, down)] for _, across, down in marks]
    found = place_captions([box for box, _, _ in marks], sizes, WIDTH, HEIGHT)
    places = [place.box for place in found if place is not None]
    assert not any(meet(one, other) for one, other in combinations(places, 2))
    assert all(
        min(left, top) > -1e-5 and right < WIDTH + 1e-5 and bottom < HEIGHT + 1e-5
        for left, top, right, bottom in places
    )
    for place, own in zip(found, sizes, strict=True):
        if place is not None:
            left, top, right, bottom = place.box
            assert abs(right - left - own[place.form][0]) < 1e-6
            assert abs(bottom - top - own[place.form][1]) < 1e-6


def test_a_caption_stands_above_its_box_where_there_is_room() -> None:
    [place] = place_captions([(100, 100, 200, 200)], [[(50, 20)]], WIDTH, HEIGHT)
    assert place is not None
    assert place.box == (100, 80, 150, 100)


def test_where_the_full_caption_would_cover_a_neighbour_the_brief_one_is_taken() -> None:
    neighbours = [(0.0, top, 400.0, top + 29.0) for top in (70.0, 100.0, 130.0)]
    found = place_captions(neighbours, [[(300, 20)], [(300, 20), (4, 1)], [(300, 20)]], WIDTH, HEIGHT)
    assert found[1] is not None
    assert found[1].form == 1


def test_a_crowd_that_has_no_room_goes_without() -> None:
    found = place_captions([(0, 0, 400, 300)] * 9, [[(400, 100)]] * 9, WIDTH, HEIGHT)
    assert sum(place is not None for place in found) == 3
