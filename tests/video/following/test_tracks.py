"""Tracks: who is who, by motion and by looks."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.video.following.tracks import PERSONS, Tracker
from tests.video.walks import DIMENSION, Seen, Walker, look_of, straight, watch


def ids_of(
    samples: Iterable[Seen], tracker: Tracker | None = None, *, looks: bool = True
) -> dict[int, list[int]]:
    """By person: the ids of all their detections in order, those that were named later included."""
    tracker = tracker or Tracker()
    rows: dict[tuple[int, int], int] = {}
    people: dict[tuple[int, int], int] = {}
    for sample in samples:
        ids = tracker.update(sample.timestamp, sample.boxes, sample.scores, sample.looks if looks else None)
        for row, (person, number) in enumerate(zip(sample.people, ids.tolist(), strict=True)):
            rows[sample.timestamp, row], people[sample.timestamp, row] = number, person
        for one in tracker.named:
            assert rows[one.timestamp, one.row] == -1
            rows[one.timestamp, one.row] = one.id
    found: dict[int, list[int]] = {}
    for key, person in people.items():
        found.setdefault(person, []).append(rows[key])
    return found


def test_everybody_has_one_id_in_order_of_appearance() -> None:
    walkers = [Walker(n, straight((100 + 250 * n, 300), (40, 0), hidden=(0, 2.0 * n))) for n in range(4)]
    found = ids_of(watch(walkers, seconds=12))
    assert {person: set(ids) for person, ids in found.items()} == {n: {n} for n in range(4)}


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("rate", [4.0, 5.0, 10.0])
def test_two_who_cross_keep_their_ids(looks: bool, rate: float) -> None:
    walkers = [Walker(0, straight((100, 300), (120, 0))), Walker(1, straight((900, 310), (-120, 0)))]
    found = ids_of(watch(walkers, seconds=7, rate=rate), looks=looks)
    assert [set(found[0]), set(found[1])] == [{0}, {1}]


@pytest.mark.parametrize("looks", [True, False])
def test_somebody_hidden_for_a_moment_is_found_by_motion(looks: bool) -> None:
    walkers = [
        Walker(0, straight((100, 300), (80, 0), hidden=(3, 4))),
        Walker(1, straight((700, 100), (0, 0))),
    ]
    found = ids_of(watch(walkers, seconds=7), looks=looks)
    assert len(set(found[0])) == len(set(found[1])) == 1


def test_somebody_who_comes_back_elsewhere_is_known_by_looks_alone() -> None:
    def returns(now: float) -> tuple[float, float] | None:
        return (100 + 50 * now, 300) if now < 4 else None if now < 30 else (1500 - 60 * (now - 30), 500)

    walkers = [Walker(0, returns), Walker(1, straight((600, 300), (5, 0)))]
    assert len(set(ids_of(watch(walkers, seconds=36))[0])) == 1
    assert len(set(ids_of(watch(walkers, seconds=36), looks=False)[0])) == 2


def test_a_stranger_in_the_place_of_somebody_who_left_is_somebody_else() -> None:
    walkers = [
        Walker(0, straight((300, 300), (0, 0), hidden=(4, 99))),
        Walker(1, straight((300, 300), (0, 0), hidden=(0, 5))),
    ]
    found = ids_of(watch(walkers, seconds=9))
    assert [set(found[0]), set(found[1])] == [{0}, {1}]


def test_who_was_away_too_long_is_new() -> None:
    gone = PERSONS.away / 1000 + 5
    found = ids_of(
        [*watch([Walker(0, straight((300, 300), (0, 0)))], seconds=3),
         *watch([Walker(0, straight((300, 300), (0, 0)))], seconds=3, begin=round(1000 * gone) + 3_000)]
    )  # fmt: skip
    assert set(found[0]) == {0, 1}


def test_unsure_detections_keep_a_track_but_begin_none() -> None:
    unsure = 0.2
    fading = Walker(0, straight((100, 300), (60, 0)), score=lambda now: 0.8 if now < 2 else unsure)
    ghost = Walker(1, straight((900, 300), (0, 0)), score=lambda _: unsure)
    found = ids_of(watch([fading, ghost], seconds=8))
    assert [set(found[0]), set(found[1])] == [{0}, {-1}]


def test_a_single_detection_is_no_track() -> None:
    walkers = [
        Walker(0, straight((300, 300), (0, 0))),
        Walker(1, straight((900, 300), (0, 0), hidden=(0.1, 99))),
    ]
    found = ids_of(watch(walkers, seconds=5))
    assert [set(found[0]), set(found[1])] == [{0}, {-1}]


def test_after_a_cut_places_say_nothing_and_looks_do() -> None:
    tracker = Tracker()
    before = [Walker(0, straight((300, 300), (0, 0))), Walker(1, straight((800, 300), (0, 0)))]
    swapped = [
        Walker(1, straight((300, 300), (0, 0))),
        Walker(0, straight((800, 300), (0, 0))),
        Walker(2, straight((1200, 300), (0, 0))),
    ]
    first = ids_of(watch(before, seconds=3), tracker)
    tracker.cut()
    second = ids_of(watch(swapped, seconds=3, begin=3_000), tracker)
    assert [set(first[n]) for n in range(2)] == [set(second[n]) for n in range(2)]
    assert set(second[2]) == {2}


def test_after_a_cut_nobody_is_followed_by_place() -> None:
    tracker = Tracker()
    still = [Walker(0, straight((300, 300), (0, 0)))]
    ids_of(watch(still, seconds=3), tracker, looks=False)
    tracker.cut()
    assert set(ids_of(watch(still, seconds=3, begin=3_000), tracker, looks=False)[0]) == {1}


def test_looks_are_taken_only_where_they_are_needed() -> None:
    asked = 0

    def features_of(sample: Seen):
        def take(rows: np.ndarray) -> np.ndarray:
            nonlocal asked
            asked += len(rows)
            return sample.looks[rows]

        return take

    tracker, total = Tracker(), 0
    for sample in watch([Walker(n, straight((150 + 300 * n, 300), (10, 0))) for n in range(4)], seconds=20):
        total += len(sample.boxes)
        tracker.update(sample.timestamp, sample.boxes, sample.scores, features_of(sample))
    assert 0 < asked < 0.4 * total


def crowd(seed: int) -> list[Seen]:
    """Some who cross, vanish, come back and are doubtful; and boxes of nobody."""
    random = np.random.default_rng(seed)
    walkers = []
    for person in range(5):
        gone, phase = random.uniform(0, 8), random.uniform(0, 6)
        walkers.append(
            Walker(
                person,
                straight(
                    tuple(random.uniform(100, 900, 2)), tuple(random.normal(0, 80, 2)),
                    hidden=(gone, gone + random.uniform(0, 5)),
                ),
                score=lambda now, phase=phase: 0.5 + 0.4 * np.sin(phase + now),
            )
        )  # fmt: skip
    return list(watch(walkers, seconds=12, seed=seed))


@settings(deadline=None, max_examples=10)
@given(
    seed=st.integers(0, 10_000),
    stops=st.sets(st.integers(0, 50), max_size=6),
    cuts=st.sets(st.integers(0, 50), max_size=2),
)
def test_it_goes_on_from_its_state_as_if_it_had_never_stopped(
    seed: int, stops: set[int], cuts: set[int]
) -> None:
    steady, stopped = Tracker(), Tracker()
    for number, sample in enumerate(crowd(seed)):
        if number in stops:
            stopped = Tracker.restore(json.loads(json.dumps(stopped.state())))
        if number in cuts:
            steady.cut()
            stopped.cut()
        given_ = (sample.timestamp, sample.boxes, sample.scores, sample.looks)
        assert steady.update(*given_).tolist() == stopped.update(*given_).tolist()
        assert steady.named == stopped.named
    assert steady.state() == stopped.state()


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_an_id_is_given_to_one_detection_at_a_time_and_none_is_skipped(seed: int) -> None:
    tracker, given_ids = Tracker(), set()
    for sample in crowd(seed):
        ids = [
            n for n in tracker.update(sample.timestamp, sample.boxes, sample.scores, sample.looks) if n >= 0
        ]
        assert len(set(ids)) == len(ids)
        given_ids |= set(ids)
    assert given_ids == set(range(len(given_ids)))


def test_what_it_keeps_is_bounded() -> None:
    tracker = Tracker()
    random = np.random.default_rng(0)
    sizes = []
    for visit in range(400):  # each of somebody else
        look = look_of(visit, random)[None]
        for step in range(3):
            box = np.array([[100.0, 100, 160, 260]]) + 200 * (visit % 5)
            tracker.update(visit * 1_000 + step * 200, box, np.array([0.9]), look)
        tracker.cut()
        sizes.append(len(json.dumps(tracker.state())))
    assert max(sizes[300:]) < 1.1 * max(sizes[200:300])


@pytest.mark.parametrize(
    ("boxes", "scores"),
    [
        (np.zeros((2, 4)), np.zeros(1)),
        (np.full((1, 4), np.nan), np.ones(1)),
        (np.zeros((1, 4)), np.array([np.inf])),
    ],
)
def test_arrays_that_do_not_fit_are_refused(boxes: np.ndarray, scores: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"scores"):
        Tracker().update(0, boxes, scores)


def test_time_does_not_go_back() -> None:
    tracker = Tracker()
    nothing = np.zeros((0, 4)), np.zeros(0), np.zeros((0, DIMENSION), np.float32)
    tracker.update(200, *nothing)
    with pytest.raises(ValueError, match="not later"):
        tracker.update(200, *nothing)
