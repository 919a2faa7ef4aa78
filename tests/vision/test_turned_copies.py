"""Pictures that are turned back, however it is done, have the pixels of a plain warp."""

from __future__ import annotations

import numpy as np
import pytest

from regard.vision.faces.turned_copies import TurnedCopies
from regard.vision.pixels import GREY, Pixels, scaled, warp


def texture(height: int, width: int) -> Pixels:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("degrees", [0, 90, -90, 180, 45, -45, 135, -135, 17])
@pytest.mark.parametrize(("height", "width", "scale"), [(120, 213, 1.0), (121, 90, 0.94), (240, 320, 0.37)])
def test_a_turned_copy_has_the_pixels_of_a_plain_warp(
    height: int, width: int, scale: float, degrees: float
) -> None:
    picture = texture(height, width)
    copy, to_picture = TurnedCopies(picture, scale).back(np.radians(degrees))
    small = scaled(picture, scale) if scale < 1 else picture
    ratio = np.array([small.shape[1] / width, small.shape[0] / height])
    to_small = to_picture * ratio[:, None]
    to_small[:, 2] += ratio / 2 - 0.5
    assert np.array_equal(copy, warp(small, to_small, copy.shape[1], copy.shape[0], outside=GREY))


@pytest.mark.parametrize("degrees", [90, 180, 45])
def test_the_middle_of_a_copy_is_the_middle_of_the_picture(degrees: float) -> None:
    copy, to_picture = TurnedCopies(texture(200, 300), 0.5).back(np.radians(degrees))
    middle = to_picture @ [(copy.shape[1] - 1) / 2, (copy.shape[0] - 1) / 2, 1]
    assert middle == pytest.approx([149.5, 99.5])
