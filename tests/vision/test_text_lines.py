"""Which lines are believed: none inside another, none of a script that the picture isn't written in."""

from __future__ import annotations

import numpy as np

from regard.vision.text import Line, Word
from regard.vision.text.overlaps import without_overlaps
from regard.vision.text.scripts import Script, is_stranger, script_of, strangers_in


def line(text: str, left: float, top: float, width: float, height: float, confidence: float = 99.0) -> Line:
    quad = np.array(
        [[left, top], [left + width, top], [left + width, top + height], [left, top + height]], np.float32
    )
    return Line((Word(text, confidence, quad),), quad)


def texts(*lines: Line) -> list[str]:
    return sorted(line.text for line in without_overlaps(lines))


def test_a_line_within_a_line_is_left_out() -> None:
    assert texts(line("1.299,95", 0, 0, 200, 40), line("L", 180, 10, 15, 25)) == ["1.299,95"]
    assert texts(line("73621", 0, 0, 200, 40), line("1", 190, 5, 18, 30)) == ["73621"]


def test_of_two_lines_at_one_place_the_one_that_says_more_counts() -> None:
    assert texts(line("13", 0, 0, 200, 100, 60), line("Mind the gap", 10, 20, 180, 30)) == ["Mind the gap"]
    assert texts(line("60", 0, 0, 50, 40, 63), line("69", 2, 1, 50, 40, 99)) == ["69"]


def test_lines_that_touch_stay() -> None:
    assert texts(line("over", 0, 0, 100, 40), line("under", 0, 25, 100, 40)) == ["over", "under"]
    slanted = np.array([[0, 0], [100, 100], [90, 110], [-10, 10]], np.float32)
    beside = slanted + np.array([40, 0], np.float32)
    lines = [Line((Word(text, 99, quad),), quad) for text, quad in (("one", slanted), ("two", beside))]
    assert len(without_overlaps(lines)) == 2


def test_scripts_are_told_by_their_letters() -> None:
    assert [script_of(one) for one in ("é", "穴", "ポ", "ε", "7", "!", "")] == [
        Script.LATIN,
        Script.EAST_ASIAN,
        Script.EAST_ASIAN,
        Script.GREEK,
        Script.COMMON,
        Script.COMMON,
        Script.COMMON,
    ]


def strangers(text: str, *probabilities: float) -> list[bool]:
    return strangers_in([script_of(one) for one in text], np.array(probabilities, np.float32)).tolist()


def test_a_doubtful_letter_of_another_script_is_a_stranger_in_a_latin_line() -> None:
    assert strangers("天Exit 7", 0.63, 1, 1, 1, 1, 1, 1) == [True, *[False] * 6]
    assert strangers("西Exit 7", 0.97, 1, 1, 1, 1, 1, 1) == [False] * 7


def test_no_letter_is_a_stranger_in_a_chinese_line() -> None:
    assert strangers("地铁D出口", 1, 1, 0.5, 1, 0.6) == [False] * 5
    assert strangers("") == []


def test_a_doubtful_line_is_a_stranger_in_a_picture_of_another_script() -> None:
    sure = [("Palais du LOUVRE", 0.99), ("Théâtre", 0.98)]
    assert is_stranger("穴", 0.8, [*sure, ("穴", 0.8)])
    assert not is_stranger("穴", 0.95, sure)
    assert not is_stranger("穴", 0.8, [*sure, ("西", 0.99)])
    assert not is_stranger("穴", 0.8, [("12:30", 0.99)])
    assert not is_stranger("1984", 0.6, sure)
