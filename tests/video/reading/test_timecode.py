"""SMPTE timecodes, against published values and against counting one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.video.reading.timecode import drops_frames, timecode


@pytest.mark.parametrize(
    ("frame", "rate", "expected"),
    [
        (0, 25, "00:00:00:00"),
        (24, 25, "00:00:00:24"),
        (25, 25, "00:00:01:00"),
        (90_000, 25, "01:00:00:00"),
        (1799, 30000 / 1001, "00:00:59;29"),
        (1800, 30000 / 1001, "00:01:00;02"),
        (17_981, 30000 / 1001, "00:09:59;29"),
        (17_982, 29.97, "00:10:00;00"),
        (107_892, 29.97, "01:00:00;00"),
        (3600, 60000 / 1001, "00:01:00;04"),
        (215_784, 59.94, "01:00:00;00"),
        (86_400, 24000 / 1001, "01:00:00:00"),
        (1800, 30, "00:01:00:00"),
        (90_000 * 25, 25, "01:00:00:00"),
    ],
)
def test_known_timecodes(frame: int, rate: float, expected: str) -> None:
    assert timecode(frame, rate) == expected


@pytest.mark.parametrize("rate", [24, 25, 30, 50, 60, 23.976, 24000 / 1001, 47.95, 12.5, 29.5])
def test_other_rates_drop_nothing(rate: float) -> None:
    assert not drops_frames(rate)
    assert ":" in timecode(1800, rate)[-3:]


def labels(nominal: int, dropped: int) -> Iterator[str]:
    """Every number in turn, those left out that the standard leaves out."""
    for hour in range(3):
        for minute in range(60):
            for second in range(60):
                for frame in range(nominal):
                    if second == 0 and minute % 10 and frame < dropped:
                        continue
                    yield f"{hour:02}:{minute:02}:{second:02};{frame:02}"


@pytest.mark.parametrize(("rate", "nominal", "dropped"), [(29.97, 30, 2), (59.94, 60, 4)])
def test_dropped_numbers_are_those_that_counting_leaves_out(rate: float, nominal: int, dropped: int) -> None:
    expected = list(labels(nominal, dropped))
    assert [timecode(number, rate) for number in range(0, len(expected), 7)] == expected[::7]
    around = 60 * nominal
    assert [timecode(number, rate) for number in range(around - 9, around + 9)] == expected[
        around - 9 : around + 9
    ]


@given(st.integers(0, 24 * 3600 * 60 - 1), st.sampled_from([23.976, 24, 25, 29.97, 30, 50, 59.94, 60]))
def test_a_timecode_is_never_off_the_clock_by_more_than_the_rate_explains(frame: int, rate: float) -> None:
    hours, minutes, seconds, frames = map(int, timecode(frame, rate).replace(";", ":").split(":"))
    shown = 3600 * hours + 60 * minutes + seconds + frames / round(rate)
    exact = frame * 1.001 / round(rate) if drops_frames(rate) else frame / round(rate)
    difference = (shown - exact + 43_200) % 86_400 - 43_200
    # Two to four numbers at a time, and a millionth that dropping them doesn't make up for.
    assert abs(difference) < 0.08 + 1.1e-6 * exact


def test_a_negative_number_is_no_frame() -> None:
    with pytest.raises(ValueError, match="not negative"):
        timecode(-1, 25)
