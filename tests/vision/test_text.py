from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from regard.vision.image import Image, decode_image
from regard.vision.session import SessionPool
from regard.vision.text import Line, TextAnalyzer, Word
from regard.vision.text.detector import MAX_TILE, OVERLAP, cores, tiles
from regard.vision.text.quads import upright
from regard.vision.text.recognizer import TextRecognizer
from regard.vision.text.strips import batches
from tests import scenes
from tests.written import Written, overlap, turned, write

LINES = ["Open 24 hours", "Platform 7 to North", "Total: 129.95"]


@pytest.fixture(scope="module")
def reader(sessions: SessionPool) -> TextAnalyzer:
    return TextAnalyzer(sessions)


def decoded(page: Pillow.Image) -> Image:
    return decode_image(scenes.png(page))


def words_of(lines: list[Line]) -> list[Word]:
    return [word for line in lines for word in line.words]


def assert_placed(found: list[Word], written: list[Written], *, least: float = 0.6) -> None:
    """Every word was read, with its corners in order where it was written."""
    assert sorted(word.text for word in found) == sorted(word.text for word in written)
    for word in written:
        overlaps = [overlap(one.quad, word.quad) for one in found if one.text == word.text]
        assert max(overlaps) > least, word.text
        quad = next(one.quad for one in found if overlap(one.quad, word.quad) > least)
        size = np.linalg.norm(word.quad[3] - word.quad[0])
        assert np.linalg.norm(quad - word.quad, axis=1).max() < 0.6 * size, word.text


def test_lines_are_read_from_top_to_bottom_with_their_spaces(reader: TextAnalyzer) -> None:
    page, _ = write(LINES)
    assert [line.text for line in reader.read(decoded(page))] == LINES


@pytest.mark.parametrize("size", [18, 40, 90])
def test_a_word_is_where_it_was_written(reader: TextAnalyzer, size: int) -> None:
    page, written = write(["Wet floor", "Caution"], size=size)
    assert_placed(words_of(reader.read(decoded(page))), written)


@pytest.mark.parametrize("degrees", [10, -30, 60, 90, -90, 180])
def test_turned_text_is_read_and_its_first_corner_is_its_own_top_left(
    reader: TextAnalyzer, degrees: float
) -> None:
    page, written = turned(*write(LINES), degrees)
    assert_placed(words_of(reader.read(decoded(page))), written)


def test_small_text_in_a_large_picture_is_read(reader: TextAnalyzer) -> None:
    page, written = write(["Mind the gap"], size=44, on=Pillow.new("RGB", (4000, 3000), (240, 240, 240)))
    assert_placed(words_of(reader.read(decoded(page))), written)


def test_text_that_fills_a_large_picture_is_read(reader: TextAnalyzer) -> None:
    page, written = write(["Exit"], size=1200, on=Pillow.new("RGB", (3000, 2000), (240, 240, 240)))
    assert_placed(words_of(reader.read(decoded(page))), written, least=0.5)


def test_text_on_a_photo_is_read(reader: TextAnalyzer) -> None:
    photo = scenes.portrait("hopper")
    page, written = write(["Rear Admiral"], size=36, on=photo, place=(40, 40), ink=(255, 240, 60))
    found = {word.text: word for word in words_of(reader.read(decoded(page)))}
    for word in written:
        assert overlap(found[word.text].quad, word.quad) > 0.6


def test_light_text_on_dark_ground_is_read(reader: TextAnalyzer) -> None:
    page, _ = write(["Exit"], on=Pillow.new("RGB", (400, 200), (10, 60, 20)), ink=(240, 255, 240))
    assert [line.text for line in reader.read(decoded(page))] == ["Exit"]


def test_light_text_on_transparency_is_read(reader: TextAnalyzer) -> None:
    page, _ = write(["Exit"], on=Pillow.new("RGB", (400, 200)), ink=(255, 255, 255))
    letters = Pillow.new("RGBA", page.size, (255, 255, 255, 0))
    letters.putalpha(page.convert("L"))
    assert [line.text for line in reader.read(decoded(letters))] == ["Exit"]


@pytest.mark.parametrize("picture", ["gravel", "grass", "brick"])
def test_a_texture_says_nothing(reader: TextAnalyzer, picture: str) -> None:
    image = decode_image((scenes.PICTURES / f"{picture}.jpg").read_bytes())
    assert [line.text for line in reader.read(image) if line.confidence > 50] == []


def test_words_far_apart_are_lines_of_their_own(reader: TextAnalyzer) -> None:
    page, _ = write(["Left"], place=(60, 60))
    page, _ = write(["Right"], place=(600, 60), on=page)
    assert [line.text for line in reader.read(decoded(page))] == ["Left", "Right"]


def test_a_long_line_is_read_to_its_end(reader: TextAnalyzer) -> None:
    page, written = write(["abc def " * 24], size=30, on=Pillow.new("RGB", (3000, 200), (250, 250, 250)))
    found = words_of(reader.read(decoded(page)))
    assert [word.text for word in found] == [word.text for word in written]


def test_confidence_is_in_percent_and_a_lines_is_its_words_mean(reader: TextAnalyzer) -> None:
    page, _ = write(["Coffee 3.50"])
    [line] = reader.read(decoded(page))
    assert line.confidence == pytest.approx(np.mean([word.confidence for word in line.words]))
    assert 80 < line.confidence <= 100


class Told:
    """A reading network that says what a test wants: one step of eight pixels for each class."""

    def __init__(self, path: list[int]) -> None:
        self._path = path

    def run(self, name: str, feeds: Mapping[str, Any]) -> list[np.ndarray]:
        answer = np.zeros((len(feeds["x"]), len(self._path), 5), np.float32)
        answer[:, np.arange(len(self._path)), self._path] = 0.9
        return [answer]

    def metadata(self, name: str) -> Mapping[str, str]:
        return {"character": "a\nb\nc"}


def test_repeated_steps_are_one_letter_unless_a_blank_parts_them() -> None:
    path = [0, 1, 1, 0, 1, 4, 2, 2, 0, 0, *[0] * 10]
    [reading] = TextRecognizer(Told(path)).read([np.zeros((48, 160, 3), np.uint8)])
    assert reading.text == "aa b"
    np.testing.assert_allclose(reading.places * 20, [2, 4.5, 5.5, 7])
    np.testing.assert_allclose(reading.probabilities, 0.9)


def test_a_strip_without_letters_says_nothing() -> None:
    [reading] = TextRecognizer(Told([0] * 20)).read([np.zeros((48, 160, 3), np.uint8)])
    assert (reading.text, reading.certainty) == ("", 0.0)


class Alternatives(Told):
    """Doubts between a character that is first in `path` and another."""

    def __init__(self, characters: str, path: list[int], second: Mapping[int, tuple[int, float]]) -> None:
        super().__init__(path)
        self._named, self._second = characters, second

    def run(self, name: str, feeds: Mapping[str, Any]) -> list[np.ndarray]:
        answer = np.zeros((len(feeds["x"]), len(self._path), len(self._named) + 2), np.float32)
        answer[:, np.arange(len(self._path)), self._path] = 0.95
        for step, (other, probability) in self._second.items():
            answer[:, step] = 0
            answer[:, step, self._path[step]], answer[:, step, other] = 0.6, probability
        return [answer]

    def metadata(self, name: str) -> Mapping[str, str]:
        return {"character": "\n".join(self._named)}


@pytest.mark.parametrize(("probability", "text"), [(0.3, "axb"), (0.05, "ab")])
def test_a_doubtful_character_of_another_script_gives_way_to_one_of_the_lines_own(
    probability: float, text: str
) -> None:
    told = Alternatives("abx天", [1, 0, 4, 0, 2, *[0] * 15], {2: (3, probability)})
    [reading] = TextRecognizer(told).read([np.zeros((48, 160, 3), np.uint8)])
    assert reading.text == text
    assert reading.probabilities[1] == pytest.approx(probability if text == "axb" else 0.95)


def test_batches_hold_every_strip_once_and_bound_their_width() -> None:
    widths = np.random.default_rng(0).integers(16, 4800, 200).tolist()
    made = list(batches(widths))
    assert sorted(index for batch in made for index in batch) == list(range(200))
    assert all(len(batch) * max(widths[index] for index in batch) <= 6144 for batch in made)


def test_a_region_is_found_where_the_map_is_sure() -> None:
    probabilities = np.zeros((100, 200), np.float32)
    probabilities[20:30, 40:120] = 0.9
    probabilities[60:70, 40:120] = 0.4
    [core] = cores(probabilities)
    np.testing.assert_allclose(core.mean(0), (79.5, 24.5), atol=1)


@pytest.mark.parametrize("length", [32, 1024, 1056, 1600, 10_016])
def test_tiles_overlap_and_cover_a_side_to_its_end(length: int) -> None:
    made = tiles(length)
    assert (made[0][0], made[-1][1]) == (0, length)
    assert {end - begin for begin, end in made} == {made[0][1]}
    assert made[0][1] % 32 == 0
    assert made[0][1] <= MAX_TILE
    assert all(one[1] - other[0] >= OVERLAP - 1 for one, other in itertools.pairwise(made))


def test_the_flattest_side_is_a_rectangles_width() -> None:
    corners = np.array([[0, 10], [0, 0], [4, 0], [4, 10]], np.float32)
    np.testing.assert_allclose(upright(corners), [[0, 0], [4, 0], [4, 10], [0, 10]], atol=1e-5)
