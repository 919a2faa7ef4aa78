"""Made films that live sources are read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.video.live.cameras import film


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    film(folder / "door.mp4")
    film(folder / "short.mp4", frames=25)
    return folder
