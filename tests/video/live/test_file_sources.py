"""Films and devices as live sources."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from regard.video.live.samples import SourceWord
from tests.video.live.cameras import (
    film,
    reader,
    sample,
    state,
)


def test_a_file_is_read_at_its_own_pace_to_its_end(films: Path) -> None:
    with reader(f"file://{films}/short.mp4", folders=[films]) as live:
        found = [sample(live)]
        while not (ended := live.state).is_final or found[-1] is not None:
            found.append(live.ask(0.5))  # type: ignore[arg-type]
    times = [one.at for one in found if one is not None]
    assert np.allclose(np.diff(times), 250, atol=45)
    assert len(times) == 4  # of 1 s
    assert ended.word is SourceWord.ENDED


def test_a_file_that_loops_goes_on(films: Path) -> None:
    with reader(f"file://{films}/short.mp4?loop=1", folders=[films], rate=10) as live:
        times = [sample(live).at for _ in range(14)]
    assert times[-1] - times[0] > 1200
    assert max(np.diff(times)) < 250


def test_samples_that_wait_in_a_file_are_given_one_by_one(films: Path) -> None:
    with reader(f"file://{films}/door.mp4?loop=1", folders=[films]) as live:
        sample(live)
        time.sleep(1.2)
        found = [sample(live) for _ in range(4)]
    assert np.allclose(np.diff([one.at for one in found]), 250, atol=45)


def test_a_file_outside_of_the_folders_is_refused(films: Path, tmp_path: Path) -> None:
    (tmp_path / "link.mp4").symlink_to(films / "door.mp4")
    for path in (films / "door.mp4", tmp_path / "link.mp4", f"{tmp_path}/../../{films.name}/door.mp4"):
        with reader(f"file://{path}", folders=[tmp_path]) as live:
            refused = state(live, lambda one: one.is_final)
        assert refused.word is SourceWord.REFUSED
        assert refused.why == "Its file is in no folder that REGARD_STREAM_FOLDERS names."


def test_a_file_that_is_no_video_is_refused_for_good(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(os.urandom(20_000))
    with reader(f"file://{tmp_path}/x.mp4", folders=[tmp_path]) as live:
        refused = state(live, lambda one: one.is_final)
    assert refused.why is not None
    assert "no video" in refused.why


def test_a_device_that_is_not_there_is_waited_for() -> None:
    with reader("file:///dev/video99") as live:
        waiting = state(live, lambda one: one.word is SourceWord.WAITING)
    assert waiting.why == "There is no such device."


@pytest.mark.slow
@pytest.mark.parametrize("rate", [2, 50])
def test_any_rate_of_pictures_is_sampled_as_asked(rate: int, tmp_path: Path) -> None:
    film(tmp_path / "door.mp4", rate=rate, frames=3 * rate, group=rate)
    with reader(f"file://{tmp_path}/door.mp4?loop=1", folders=[tmp_path]) as live:
        times = [sample(live).at for _ in range(5)]
    assert np.allclose(np.diff(times), max(250, 1000 / rate), atol=45)


@pytest.mark.parametrize("size", [(180, 320), pytest.param((3840, 2160), marks=pytest.mark.slow)])
def test_portrait_and_4k_are_read_as_they_are(size: tuple[int, int], tmp_path: Path) -> None:
    film(tmp_path / "door.mp4", size=size, frames=5, group=5)
    with reader(f"file://{tmp_path}/door.mp4?loop=1", folders=[tmp_path]) as live:
        found = sample(live)
    assert (found.width, found.height) == size
    assert found.image.pixels().shape == (size[1], size[0], 3)
