"""Dominant colours and the light, focus and contrast of pictures that are drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from regard.vision.colours import dominant_colours
from regard.vision.geometry import Box
from regard.vision.properties import box_colours, measure_properties

RED, BLUE, GREY = (220, 20, 60), (0, 0, 255), (128, 128, 128)


def halves(left: tuple[int, int, int], right: tuple[int, int, int], share: float = 0.75) -> np.ndarray:
    pixels = np.empty((200, 400, 3), np.uint8)
    pixels[:, : round(400 * share)] = left
    pixels[:, round(400 * share) :] = right
    return pixels


def texture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 255, (300, 400), np.uint8)
    return np.repeat(cv2.GaussianBlur(noise, (0, 0), 1.5)[..., None], 3, 2)


def test_colours_are_named_and_counted_the_commonest_first() -> None:
    first, second = dominant_colours(halves(RED, BLUE).reshape(-1, 3), 10)
    assert ((first.red, first.green, first.blue), first.share) == (RED, 0.75)
    assert (first.named.name, first.named.simplified) == ("crimson", "red")
    assert (second.named.name, second.share) == ("blue", 0.25)


def test_shades_of_one_colour_are_one() -> None:
    shades = np.clip(np.random.default_rng(0).normal((30, 140, 60), 3, (5000, 3)), 0, 255).astype(np.uint8)
    [colour] = dominant_colours(shades, 10)
    assert colour.share == 1
    assert colour.named.simplified == "green"


@pytest.mark.parametrize("most", [0, 1, 3, 12, 20])
def test_no_more_colours_are_said_than_asked_for(most: int) -> None:
    random = np.random.default_rng(0).integers(0, 256, (4000, 3)).astype(np.uint8)
    found = dominant_colours(random, most)
    assert min(most, 6) <= len(found) <= min(most, 12)
    if found:
        assert sum(colour.share for colour in found) == pytest.approx(1)
        shares = [colour.share for colour in found]
        assert shares == sorted(shares, reverse=True)


def test_colours_are_the_same_every_time() -> None:
    random = np.random.default_rng(1).integers(0, 256, (4000, 3)).astype(np.uint8)
    assert dominant_colours(random, 8) == dominant_colours(random, 8)


def test_foreground_and_background_have_colours_of_their_own() -> None:
    pixels = halves(GREY, GREY)
    pixels[50:150, 100:200] = RED
    found = measure_properties(pixels, [Box(100, 50, 100, 100)], 10)
    assert [colour.named.name for colour in found.foreground.colours] == ["crimson"]
    assert [colour.named.name for colour in found.background.colours] == ["gray"]
    assert found.whole.colours[1].share == pytest.approx(0.125, abs=0.002)


@pytest.mark.parametrize("things", [[], [Box(0, 0, 400, 200)], [Box(-10, -10, 900, 900)]])
def test_without_a_thing_that_leaves_a_background_the_middle_is_the_foreground(things: list[Box]) -> None:
    pixels = halves(GREY, GREY)
    pixels[80:120, 180:220] = RED
    found = measure_properties(pixels, things, 10)
    assert {colour.named.name for colour in found.foreground.colours} == {"gray", "crimson"}
    assert [colour.named.name for colour in found.background.colours] == ["gray"]


def test_blur_lowers_sharpness_and_nothing_else() -> None:
    sharp = measure_properties(texture(), [], 3).whole.quality
    blurred = measure_properties(cv2.GaussianBlur(texture(), (0, 0), 4), [], 3).whole.quality
    assert blurred.sharpness < sharp.sharpness - 20
    assert blurred.brightness == pytest.approx(sharp.brightness, abs=2)


def test_a_dark_picture_is_less_bright_and_a_flat_one_has_less_contrast() -> None:
    normal, dark = texture(), texture() // 3
    flat = (texture() // 4 + 96).astype(np.uint8)
    of = [measure_properties(pixels, [], 3).whole.quality for pixels in (normal, dark, flat)]
    assert of[1].brightness < of[0].brightness / 2
    assert of[2].contrast < of[0].contrast / 2
    assert of[2].brightness == pytest.approx(of[0].brightness, abs=5)


def test_black_and_white_are_the_ends_of_brightness() -> None:
    for value, brightness in ((0, 0), (255, 100)):
        found = measure_properties(np.full((90, 120, 3), value, np.uint8), [], 10).whole
        assert found.quality.brightness == brightness
        assert found.quality.contrast == found.quality.sharpness == 0
        assert len(found.colours) == 1


@pytest.mark.parametrize("box", [Box(390, 190, 50, 50), Box(-20, -20, 25, 25), Box(399.5, 199.5, 0.1, 0.1)])
def test_a_box_that_lies_partly_outside_has_the_colours_inside(box: Box) -> None:
    [colour] = box_colours(halves(RED, RED), box, 5)
    assert colour.named.name == "crimson"
