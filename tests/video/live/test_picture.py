"""Pictures as they go through a pipe."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from regard.video.live.picture import PictureI420, small_luma
from regard.video.reading.picture import Geometry
from tests.video.clips import write
from tests.video.drawn import scene


def _decoded(pixels: np.ndarray, form: str) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format=form)


@pytest.mark.parametrize("form", ["yuv420p", "yuvj420p"])
@pytest.mark.parametrize("size", [(640, 360), (361, 641), (1280, 720)])
def test_the_pixels_are_those_of_stored_video(form: str, size: tuple[int, int]) -> None:
    frame = _decoded(cv2.resize(scene(1), size), form)
    assert np.array_equal(PictureI420.of(frame, Geometry(frame, 0)).pixels(), Geometry(frame, 0).rgb(frame))


@pytest.mark.parametrize("form", ["yuvj422p", "yuv420p10le", "nv12", "rgb24", "gray"])
def test_other_formats_keep_their_colours(form: str) -> None:
    frame = _decoded(cv2.resize(cv2.blur(scene(1), (15, 15)), (640, 360)), form)
    seen = PictureI420.of(frame, Geometry(frame, 0)).pixels()
    assert np.abs(seen.astype(int) - Geometry(frame, 0).rgb(frame)).mean() < 3


def test_a_turned_camera_is_upright(tmp_path: Path) -> None:
    path = write(tmp_path / "turned.mp4", [cv2.resize(scene(1), (320, 180))] * 2, rotation=90)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    geometry = Geometry(frame, 0)
    picture = PictureI420.of(frame, geometry)
    assert (picture.width, picture.height) == (180, 320)
    assert np.array_equal(picture.pixels(), geometry.rgb(frame))
    assert small_luma(frame, geometry, 160).shape == (160, 90)


def test_pixels_that_are_not_square_are_stretched() -> None:
    frame = _decoded(cv2.resize(scene(1), (704, 576)), "yuv420p")
    picture = PictureI420.of(frame, Geometry(frame, 16 / 11))
    assert (picture.width, picture.height) == (1024, 576)
    assert picture.pixels().shape == (576, 1024, 3)
