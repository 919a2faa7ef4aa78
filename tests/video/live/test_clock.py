"""The clock of live pictures: it rises, whatever time stamps do."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from regard.video.live.clock import Fragment, LiveClock, Stamp

_EPOCH = 1_700_000_000.0
_YEAR = 365 * 86400.0


def _stamp(media: float | None, steady: float, *, sent: float | None = None, is_key: bool = False) -> Stamp:
    return Stamp(media, _EPOCH + steady, steady, sent, is_key)


def test_pictures_go_on_by_their_time_stamps_though_they_arrive_unevenly() -> None:
    clock = LiveClock(bursts=False)
    late = [0.0, 0.03, 0.0, 0.2, 0.01]
    found = [clock.place(_stamp(100 + 0.04 * n, 5 + 0.04 * n + late[n])).at for n in range(5)]
    assert found == [5000, 5040, 5080, 5120, 5160]


def test_a_segment_that_arrives_at_once_takes_its_own_time() -> None:
    clock = LiveClock(bursts=True)
    first = [clock.place(_stamp(0.25 * n, 5.0 + 0.001 * n)).at for n in range(24)]
    second = [clock.place(_stamp(6 + 0.25 * n, 11.0 + 0.001 * n)).at for n in range(24)]
    assert [after - before for before, after in zip(first, [*first[1:], second[0]], strict=True)] == [
        250
    ] * 24


def test_pictures_without_time_stamps_are_where_they_arrive() -> None:
    clock = LiveClock(bursts=False)
    assert [clock.place(_stamp(None, steady)).at for steady in (5.0, 5.1, 5.1, 7.0)] == [
        5000,
        5100,
        5101,
        7000,
    ]


def test_a_clock_that_jumps_begins_a_fragment_and_nothing_else() -> None:
    for jump in (_YEAR, -_YEAR, 2**33 / 90_000, -(2**32) / 90_000):
        clock = LiveClock(bursts=False)
        before = [clock.place(_stamp(0.04 * n, 5 + 0.04 * n, is_key=n == 0)) for n in range(5)]
        after = [clock.place(_stamp(jump + 0.04 * n, 5 + 0.04 * n)) for n in range(5, 10)]
        steps = [later.at - earlier.at for earlier, later in pairwise(before + after)]
        assert steps == [40] * 9
        assert len({one.fragment for one in before}) == len({one.fragment for one in after}) == 1
        assert before[0].fragment != after[0].fragment


def test_a_group_of_pictures_is_a_fragment_of_a_second_or_more() -> None:
    clock = LiveClock(bursts=False)
    found = [clock.place(_stamp(0.5 * n, 5 + 0.5 * n, is_key=True)) for n in range(5)]
    assert [one.offset for one in found] == [0, 0.5, 0, 0.5, 0]
    assert found[2].fragment == Fragment("1700000006000", _EPOCH + 6, _EPOCH + 6)
    assert found[3].produced == _EPOCH + 6.5


def test_the_senders_clock_is_trusted_within_ten_seconds() -> None:
    for off, trusted in ((-9.0, True), (9.0, True), (11.0, False), (-_YEAR, False)):
        clock = LiveClock(bursts=False)
        sent = _EPOCH + 5 + off
        assert clock.place(_stamp(0.0, 5.0, sent=sent)).produced == (sent if trusted else _EPOCH + 5)


def test_the_clock_goes_on_behind_the_last_connections() -> None:
    assert LiveClock(bursts=True, begins_after=9000).place(_stamp(0.0, 5.0)).at == 9001


@given(
    st.lists(
        st.tuples(st.none() | st.floats(-1e9, 1e9), st.floats(0, 60), st.booleans(), st.booleans()),
        max_size=60,
    ),
    st.booleans(),
)
def test_moments_rise_for_any_time_stamps(
    pictures: list[tuple[float | None, float, bool, bool]], bursts: bool
) -> None:
    clock, steady, last = LiveClock(bursts=bursts), 100.0, 0
    for media, wait, is_key, follows in pictures:
        steady += wait
        moment = clock.place(_stamp(steady if follows else media, steady, is_key=is_key))
        assert moment.at > last
        assert moment.offset >= 0
        last = moment.at
    assert last <= 1000 * (steady + 60) + 100  # nor does it run away
