"""Times that rise, whatever the time stamps do: which steps are believed, and where strays stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.video.reading.continuity import Continuity, Pauses, Stamped, continuous

FRAME = 40  # ms
ONE_CLOCK = Pauses(1000, end=10**9)
STREAM = Pauses(1000, restarts=True)


def times(
    stamps: list[int | None],
    pauses: Pauses = ONE_CLOCK,
    *,
    heard: list[float] | None = None,
    interval: int = FRAME,
    ahead: int = 16,
) -> list[int]:
    sound = heard or [0.0] * len(stamps)
    frames = [Stamped(stamp, at, one) for at, (stamp, one) in enumerate(zip(stamps, sound, strict=True))]
    placed = list(continuous(frames, Continuity[int](pauses, interval, ahead=ahead)))
    assert [one.item for one in placed] == list(range(len(stamps)))  # none is lost, and none overtakes
    return [one.ticks for one in placed]


def regular(count: int, begin: int = 0) -> list[int]:
    return [begin + FRAME * n for n in range(count)]


@pytest.mark.parametrize("pauses", [ONE_CLOCK, STREAM])
@pytest.mark.parametrize("late", [90, 500, 5_000, 3_000_000, 36_000_000, -90, -500, -5_000, -3_000_000])
@pytest.mark.parametrize("strays", [1, 2, 7])
@pytest.mark.parametrize("at", [1, 2, 60, 150])
def test_strays_stand_beside_their_neighbours(pauses: Pauses, late: int, strays: int, at: int) -> None:
    stamps: list[int | None] = [*regular(180)]
    for stray in range(at, at + strays):
        stamps[stray] = FRAME * stray + late
    found = times(stamps, pauses)
    assert max(abs(a - b) for a, b in zip(found, regular(180), strict=True)) <= FRAME * strays


@pytest.mark.parametrize("jump", [20_000, 600_000, 36_000_000, -2_000, -600_000, -36_000_000])
def test_a_clock_that_begins_anew_goes_on_at_the_frame_rate(jump: int) -> None:
    stamps = [*regular(90), *regular(90, 90 * FRAME + jump)]
    assert times([*stamps], STREAM) == regular(180)


@pytest.mark.parametrize("jump", [15_000, -15_000])
def test_a_clock_may_begin_anew_with_every_few_frames(jump: int) -> None:
    stamps = [one for part in range(12) for one in regular(15, part * (15 * FRAME + jump))]
    assert times([*stamps], STREAM) == regular(180)


def test_a_frame_whose_stamp_strays_just_before_the_clock_begins_anew_stays_where_it_is() -> None:
    stamps = [*regular(88), 500_000, *regular(1, 89 * FRAME), *regular(90, 36_000_000)]
    assert times([*stamps], STREAM) == regular(180)


@pytest.mark.parametrize("pause", [300, 4_000, 90_000, 3_600_000])
def test_a_pause_within_the_stated_duration_is_one(pause: int) -> None:
    stamps = [*regular(90), *regular(90, 90 * FRAME + pause)]
    assert times([*stamps], Pauses(1000, end=stamps[-1] + FRAME)) == stamps


def test_a_pause_beyond_the_stated_duration_is_none() -> None:
    stamps = [*regular(90), *regular(90, 90 * FRAME + 5_000)]
    assert times([*stamps], Pauses(1000, end=180 * FRAME)) == regular(180)


def test_a_last_frame_beyond_the_stated_duration_stands_after_the_one_before() -> None:
    assert times([*regular(179), 400_000], Pauses(1000, end=180 * FRAME)) == regular(180)


@pytest.mark.parametrize("pauses", [ONE_CLOCK, STREAM, Pauses(1000, end=3_000)])
@given(slides=st.lists(st.integers(2_000, 10_000), min_size=2, max_size=40))
def test_slides_stand_as_long_as_their_time_stamps_say(pauses: Pauses, slides: list[int]) -> None:
    stamps = [sum(slides[:n]) for n in range(len(slides) + 1)]
    if pauses.end is None or pauses.end > 10**6:
        assert times([*stamps], pauses) == stamps
    steps = [after - before for before, after in zip(stamps, times([*stamps], pauses), strict=True)]
    assert all(step <= 0 for step in steps)


@pytest.mark.parametrize("slide", [12_000, 45_000])
def test_slides_of_a_stream_may_stand_long_where_all_do(slide: int) -> None:
    stamps = [slide * n for n in range(20)]
    assert times([*stamps], STREAM) == stamps


@given(dropped=st.sets(st.integers(1, 298), max_size=250))
def test_frames_that_a_camera_dropped_leave_their_time(dropped: set[int]) -> None:
    stamps = [FRAME * n for n in range(300) if n not in dropped]
    assert times([*stamps], STREAM) == stamps
    assert times([*stamps], ONE_CLOCK) == stamps


def test_a_long_pause_of_a_stream_is_one_where_sound_goes_on() -> None:
    stamps = [*regular(90), *regular(90, 90 * FRAME + 60_000)]
    sound = [stamp / 1000 for stamp in stamps]
    assert times([*stamps], STREAM, heard=sound) == stamps


def test_a_long_pause_that_soon_follows_another_is_one_where_sound_goes_on() -> None:
    stamps = [*regular(90), *regular(5, 90 * FRAME + 60_000), *regular(90, 95 * FRAME + 100_000)]
    sound = [stamp / 1000 for stamp in [*stamps[1:], stamps[-1]]]  # as it lies in a file, ahead of a frame
    assert times([*stamps], STREAM, heard=sound) == stamps


def test_a_long_step_of_a_stream_is_no_pause_where_sound_steps_with_it() -> None:
    stamps = [*regular(90), *regular(90, 90 * FRAME + 60_000)]
    sound = [stamp / 1000 for stamp in regular(180)]
    assert times([*stamps], STREAM, heard=sound) == regular(180)


def test_frames_without_time_stamps_follow_each_other() -> None:
    assert times([None] * 10) == regular(10)
    assert times([0, None, 80, None, None, 200], interval=FRAME) == regular(6)


@pytest.mark.parametrize("pauses", [ONE_CLOCK, STREAM, Pauses(1000, end=2_000)])
@given(
    stamps=st.lists(st.none() | st.integers(-(10**7), 10**7) | st.integers(0, 4_000), max_size=60),
    ahead=st.integers(1, 8),
)
def test_whatever_the_time_stamps_are_no_frame_is_lost_and_times_rise(
    pauses: Pauses, stamps: list[int | None], ahead: int
) -> None:
    found = times(stamps, pauses, ahead=ahead)
    assert found == sorted(set(found))
