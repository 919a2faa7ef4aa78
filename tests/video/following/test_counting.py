"""Counting people: by the book, however they walk."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regard.video.following.counting import (
    BREAK,
    STRAY,
    CountingLine,
    PersonSighting,
    count_people,
    quantiles,
)

MIDDLE = CountingLine(0.0, 0.5, 1.0, 0.5)  # from the left of the frame to its right
STEP = 250


def walk(index: int, *feet: tuple[float, float], start: int = 0, step: int = STEP) -> list[PersonSighting]:
    """A person 0.2 high whose feet are there, moment by moment."""
    return [
        PersonSighting(start + n * step, index, x - 0.05, y - 0.2, 0.1, 0.2) for n, (x, y) in enumerate(feet)
    ]


def merged(*walks: list[PersonSighting]) -> list[PersonSighting]:
    return sorted((one for walk in walks for one in walk), key=lambda one: one.timestamp)


def passes(*feet: tuple[float, float], line: CountingLine = MIDDLE, **options: Any) -> tuple[int, int]:
    counts = count_people(walk(0, *feet), interval=60_000, duration=60_000, line=line, **options)
    [visit] = counts.visits
    return visit.entries, visit.exits


def test_who_crosses_from_the_left_hand_to_the_right_hand_enters() -> None:
    down = [(0.5, 0.3), (0.5, 0.45), (0.5, 0.6)]
    assert passes(*down) == (1, 0)
    assert passes(*down[::-1]) == (0, 1)
    assert passes(*down, line=CountingLine(1.0, 0.5, 0.0, 0.5)) == (0, 1)
    upright = CountingLine(
        0.5, 1.0, 0.5, 0.0
    )  # from the lower edge to the upper one: the right hand is on the right
    assert passes((0.3, 0.5), (0.7, 0.5), line=upright) == (1, 0)


def test_who_trembles_at_the_line_is_counted_once() -> None:
    tremble = [(0.5, 0.495), (0.5, 0.505)] * 10
    assert passes((0.5, 0.3), *tremble, (0.5, 0.7)) == (1, 0)
    assert passes((0.5, 0.3), *tremble, (0.5, 0.3)) == (0, 0)
    assert passes((0.5, 0.7), *tremble, (0.5, 0.3)) == (0, 1)


def test_who_turns_round_beyond_the_line_has_entered_and_left() -> None:
    assert passes((0.5, 0.3), (0.5, 0.52), (0.5, 0.48), (0.5, 0.3)) == (1, 1)


def test_who_goes_round_the_end_of_a_line_has_not_passed_it() -> None:
    short = CountingLine(0.4, 0.5, 0.6, 0.5)
    assert passes((0.5, 0.3), (0.5, 0.7), line=short) == (1, 0)
    assert passes((0.2, 0.3), (0.2, 0.7), line=short) == (0, 0)
    around = [(0.5, 0.3), (0.2, 0.3), (0.2, 0.7), (0.5, 0.7), (0.5, 0.3)]
    assert passes(*around, line=short) == (0, 1)


def test_who_is_first_seen_beyond_the_line_or_on_it_has_not_passed_it() -> None:
    assert passes((0.5, 0.7), (0.5, 0.8)) == (0, 0)
    assert passes((0.5, 0.499), (0.5, 0.8)) == (0, 0)


def test_who_is_not_seen_while_they_cross_is_counted_when_they_are_seen_again() -> None:
    feet = merged(walk(0, (0.5, 0.3)), walk(0, (0.5, 0.8), start=130_000))
    counts = count_people(feet, interval=60_000, duration=180_000, line=MIDDLE)
    assert [one.entries for one in counts.intervals] == [0, 0, 1]


def test_distances_are_measured_in_the_frames_own_proportions() -> None:
    # 0.008 of the width past the line, of which 0.05 * 0.2 = 0.01 of the height would be enough.
    upright, feet = CountingLine(0.5, 1.0, 0.5, 0.0), [(0.4, 0.5), (0.508, 0.5)]
    assert passes(*feet, line=upright, aspect=1.0) == (0, 0)
    assert passes(*feet, line=upright, aspect=16 / 9) == (1, 0)


def test_people_are_counted_by_intervals_in_which_nobody_was_seen_too() -> None:
    feet = merged(
        walk(0, *[(0.5, 0.5)] * 5), walk(1, *[(0.2, 0.5)] * 2, start=750), walk(2, (0.1, 0.5), start=3100)
    )
    counts = count_people(feet, interval=1000, duration=4500)
    assert [(one.start, one.persons, one.at_once) for one in counts.intervals] == [
        (0, 2, 2),
        (1000, 2, 2),
        (2000, 0, 0),
        (3000, 1, 1),
        (4000, 0, 0),
    ]
    assert counts.at_once == 2


def test_how_long_somebody_was_seen_leaves_out_when_they_were_not() -> None:
    feet = merged(walk(7, *[(0.5, 0.5)] * 5), walk(7, *[(0.5, 0.5)] * 3, start=1000 + BREAK + STEP))
    [visit] = count_people(feet, interval=1000, duration=10_000).visits
    assert (visit.index, visit.first, visit.last, visit.dwell) == (7, 0, 2750, 2750)
    assert visit.seen == 4 * STEP + 2 * STEP


def test_a_video_without_people_has_intervals_and_nobody() -> None:
    counts = count_people([], interval=1000, duration=2000, line=MIDDLE)
    assert ([one.persons for one in counts.intervals], counts.visits, counts.at_once) == ([0, 0], [], 0)
    assert count_people([], interval=1000, duration=0).intervals == []


def test_a_line_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="two ends"):
        count_people([], interval=1000, duration=0, line=CountingLine(0.5, 0.5, 0.5, 0.5))


def test_quantiles_are_interpolated() -> None:
    assert quantiles([0, 10], [0.25, 0.5, 1]) == [2.5, 5.0, 10.0]


# --- Against what the definitions say, computed the slow way ----------------------------------------------

_PLACE = st.integers(0, 40).map(lambda n: n / 40)
_SIGHTING = st.builds(
    PersonSighting,
    timestamp=st.integers(0, 40).map(lambda n: n * STEP),
    index=st.integers(0, 3),
    left=_PLACE,
    top=st.integers(-20, 20).map(lambda n: n / 40),
    width=st.just(0.1),
    height=st.sampled_from([0.1, 0.3, 0.8]),
)
_LINE = st.builds(
    CountingLine,
    x1=_PLACE.map(lambda x: 0.9 * x + 0.0123),
    y1=_PLACE.map(lambda y: 0.9 * y + 0.0377),
    x2=_PLACE.map(lambda x: 0.9 * x + 0.0177),
    y2=_PLACE.map(lambda y: 0.9 * y + 0.0123),
)


def exact(x: float, y: float, aspect: float) -> tuple[Fraction, Fraction]:
    return Fraction(x) * Fraction(aspect), Fraction(y)


def turn(a: Any, b: Any, c: Any) -> Fraction:
    """Above 0 where c lies on the right hand of who looks from a to b, y downwards."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def expected_passes(track: list[PersonSighting], line: CountingLine, aspect: float) -> list[tuple[int, int]]:
    """(moment, 1 or -1) of each time that somebody passes, by orientations in exact numbers."""
    ends = exact(line.x1, line.y1, aspect), exact(line.x2, line.y2, aspect)
    length = float((ends[1][0] - ends[0][0]) ** 2 + (ends[1][1] - ends[0][1]) ** 2) ** 0.5
    feet = [exact(one.left + one.width / 2, one.top + one.height, aspect) for one in track]
    sides = []
    for foot, one in zip(feet, track, strict=True):
        distance = float(turn(*ends, foot)) / length
        assume(abs(abs(distance) - STRAY * one.height) > 1e-9)
        sides.append(0 if abs(distance) <= STRAY * one.height else 1 if distance > 0 else -1)
    sure = [n for n, side in enumerate(sides) if side]
    passed = []
    for one, other in pairwise(sure):
        if sides[one] == sides[other]:
            continue
        net = 0
        for n in range(one, other):
            before, after = turn(*ends, feet[n]), turn(*ends, feet[n + 1])
            if (before > 0) == (after > 0):
                continue
            first, second = (turn(feet[n], feet[n + 1], end) for end in ends)
            assume(min(abs(first), abs(second)) > Fraction(1, 10**9))
            if (first > 0) != (second > 0):
                net += 1 if after > 0 else -1
        if net * sides[other] > 0:
            passed.append((track[other].timestamp, sides[other]))
    return passed


@given(
    sightings=st.lists(_SIGHTING, max_size=60, unique_by=lambda one: (one.timestamp, one.index)),
    line=_LINE,
    aspect=st.sampled_from([0.5, 1.0, 1.75]),
    interval=st.sampled_from([250, 700, 1000, 60_000]),
    duration=st.integers(0, 12_000),
)
def test_any_ways_are_counted_as_the_definitions_say(
    sightings: list[PersonSighting], line: CountingLine, aspect: float, interval: int, duration: int
) -> None:
    assume(abs(line.x1 - line.x2) + abs(line.y1 - line.y2) > 0.01)
    sightings.sort(key=lambda one: one.timestamp)
    tracks: dict[int, list[PersonSighting]] = defaultdict(list)
    moments: dict[int, set[int]] = defaultdict(set)
    for one in sightings:
        tracks[one.index].append(one)
        moments[one.timestamp].add(one.index)
    passed = {index: expected_passes(track, line, aspect) for index, track in tracks.items()}
    counts = count_people(sightings, interval=interval, duration=duration, line=line, aspect=aspect)

    assert [visit.index for visit in counts.visits] == list(tracks)
    for visit in counts.visits:
        times = [one.timestamp for one in tracks[visit.index]]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert (visit.first, visit.last) == (times[0], times[-1])
        assert visit.seen == sum(gap for gap in gaps if gap <= BREAK)
        signs = [sign for _, sign in passed[visit.index]]
        assert (visit.entries, visit.exits) == (signs.count(1), signs.count(-1))

    last = max([duration - 1, *moments])
    assert [one.start for one in counts.intervals] == list(range(0, last + 1, interval))
    for one in counts.intervals:
        within = range(one.start, one.start + interval)
        seen = [persons for when, persons in moments.items() if when in within]
        assert one.persons == len(set().union(*seen))
        assert one.at_once == max(map(len, seen), default=0)
        signs = [sign for ways in passed.values() for when, sign in ways if when in within]
        assert (one.entries, one.exits) == (signs.count(1), signs.count(-1))
    assert counts.at_once == max(map(len, moments.values()), default=0)
