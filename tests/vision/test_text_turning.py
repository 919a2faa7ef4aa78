"""Which way up text is read: what says nothing about itself stands on its head only if the rest does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from regard.vision.image import Image, decode_image
from regard.vision.session import SessionPool
from regard.vision.text import Line, TextAnalyzer
from regard.vision.text.detector import Region
from regard.vision.text.recognizer import Reading
from regard.vision.text.turning import View, Ways, chosen, followers, is_lone, may_be_lone
from tests import scenes
from tests.written import write

STRIP = np.zeros((48, 96, 3), np.uint8)
QUAD = np.array([[0, 0], [90, 0], [90, 45], [0, 45]], np.float32)


@pytest.fixture(scope="module")
def reader(sessions: SessionPool) -> TextAnalyzer:
    return TextAnalyzer(sessions)


def view(text: str, certainty: float, upside_down: float = 0.5) -> View:
    reading = Reading(text, np.full(len(text), certainty, np.float32), np.zeros(len(text), np.float32))
    return View(Region(QUAD, QUAD), STRIP, reading, upside_down)


def both(text: str, certainty: float, other: str, better: float, *, turned: bool = True) -> Ways:
    """A text and what it says on its head; the network is sure that it stands so, unless not `turned`."""
    sure = (0.99, 0.01) if turned else (0.4, 0.6)
    return Ways(view(text, certainty, sure[0]), False, view(other, better, sure[1]))


def texts(*ways: Ways) -> list[str]:
    return [one.reading.text for one in chosen(ways)]


@pytest.mark.parametrize(
    "ways",
    [
        both("9", 0.54, "6", 0.99),
        both("99", 0.7, "66", 0.99),
        both("06983", 0.85, "E8690", 0.99, turned=False),
        both("mow", 0.95, "mom", 0.99),
        both("pod", 0.8, "pod", 0.99, turned=False),
        both("29668", 0.7, "89962", 0.99),
        both("4921", 0.89, "1261", 0.95, turned=False),
        both("470", 0.99, "470", 1.0),
    ],
    ids=lambda ways: ways.view.reading.text,
)
def test_what_may_be_upright_stays_so(ways: Ways) -> None:
    assert texts(ways) == [ways.view.reading.text]


@pytest.mark.parametrize(
    "ways",
    [
        both("xet Set", 0.7, "Exit Street", 0.99),
        both("Buter", 0.97, "Butter", 1.0),
        both("248", 0.92, "842", 1.0),
        both("nd", 0.7, "mind", 1.0),
    ],
)
def test_what_is_surely_on_its_head_is_turned_over(ways: Ways) -> None:
    assert ways.other
    assert texts(ways) == [ways.other.reading.text]


def test_what_makes_sense_both_ways_follows_the_rest() -> None:
    number, inverted = both("66", 0.99, "99", 0.99), both("xet Set", 0.7, "Exit Street", 0.99)
    assert texts(number, inverted) == ["99", "Exit Street"]
    upright = Ways(view("Museum of art", 0.99, 0.0), False)
    assert texts(number, inverted, upright) == ["66", "Exit Street", "Museum of art"]


def test_what_was_sure_is_read_the_other_way_up_when_the_rest_stands_on_its_head() -> None:
    number, inverted = Ways(view("66", 0.99, 0.0), False), both("xet Set", 0.7, "Exit Street", 0.99)
    assert followers([number, inverted]) == [0]
    assert followers([number]) == []
    sideways = Ways(view("66", 0.99, 0.0), True)
    assert followers([sideways, inverted]) == []


def test_what_runs_sideways_goes_the_way_in_which_it_is_surer() -> None:
    down, up = view("69", 0.8), view("on", 0.9)
    assert texts(Ways(down, True, up)) == ["on"]
    assert texts(Ways(up, True, down)) == ["on"]


def test_one_character_stands_upright_unless_it_is_surer_sideways() -> None:
    tall = np.array([[0, 0], [20, 0], [20, 45], [0, 45]], np.float32)
    assert may_be_lone(Region(tall, tall))
    assert not may_be_lone(Region(QUAD, QUAD))
    assert not may_be_lone(Region(tall * (1, 2), tall * (1, 2)))
    assert is_lone(view("1", 0.95), view("-", 0.99), view("-", 0.2))
    assert not is_lone(view("1", 0.7), view("No", 0.99), view("oN", 0.2))
    assert not is_lone(view("11", 0.99), view("=", 0.99), view("=", 0.99))


# --- With the networks ---


def hershey(text: str, scale: float, *, ground: int = 245, ink: int = 25) -> Image:
    """Written with OpenCV's pen on a plain page."""
    font, pen = cv2.FONT_HERSHEY_SIMPLEX, max(2, round(2.5 * scale))
    (width, height), below = cv2.getTextSize(text, font, scale, pen)
    page = np.full((height + below + 160, width + 200, 3), ground, np.uint8)
    cv2.putText(page, text, (90, 80 + height), font, scale, (ink, ink, ink), pen, cv2.LINE_AA)
    return Image(page, "")


def meter(digits: str, side: int = 90) -> Image:
    """White digits on black wheels, each behind a window of its own."""
    page = Pillow.new("RGB", (len(digits) * side + 120, 3 * side), (150, 150, 145))
    for number, digit in enumerate(digits):
        wheel = Pillow.new("RGB", (round(0.8 * side), round(1.2 * side)), (12, 12, 12))
        wheel, _ = write(
            [digit], size=round(0.9 * side), place=(0.12 * side, 0), on=wheel, ink=(240, 240, 235)
        )
        page.paste(wheel, (60 + number * side, side))
    return decode_image(scenes.png(page))


def assert_upright(lines: list[Line], digits: str) -> None:
    across = sorted(lines, key=lambda line: float(line.quad[:, 0].min()))
    assert "".join(line.text.replace(" ", "") for line in across) == digits
    assert all(line.quad[0, 0] < line.quad[1, 0] for line in lines)


@pytest.mark.parametrize(
    ("number", "scale"), [("9", 1.2), ("9", 4.0), ("68", 1.2), ("99", 4.0), ("0896", 2.0)]
)
def test_an_upright_number_is_not_turned_over(reader: TextAnalyzer, number: str, scale: float) -> None:
    assert_upright(reader.read(hershey(number, scale)), number)


@pytest.mark.parametrize(("number", "size"), [("9", 28), ("669", 120)])
def test_an_upright_number_on_a_page_is_not_turned_over(reader: TextAnalyzer, number: str, size: int) -> None:
    page, _ = write([number], size=size)
    assert_upright(reader.read(decode_image(scenes.png(page))), number)


def test_a_meter_is_read_upright(reader: TextAnalyzer) -> None:
    for digits in ("06983", "61996"):
        assert_upright(reader.read(meter(digits)), digits)


def test_a_page_on_its_head_is_read_with_its_numbers(reader: TextAnalyzer) -> None:
    page, _ = write(["Open 24 hours", "66", "Room 9"])
    lines = reader.read(decode_image(scenes.png(page.rotate(180))))
    assert sorted(line.text for line in lines) == ["66", "Open 24 hours", "Room 9"]
    assert all(line.quad[0, 0] > line.quad[1, 0] for line in lines)
