"""A network that may be missing is asked for until it is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regard.packs.install import InstalledPack
from regard.vision.session import SessionPool


def test_an_optional_network_runs_from_the_moment_that_it_is_there(nudenet_pack: InstalledPack) -> None:
    there: list[Path] = []
    pool = SessionPool({}, optional={"nudenet": lambda: there[0] if there else None})
    blob = {"images": np.zeros((1, 3, 320, 320), np.float32)}
    for _ in range(2):
        assert "nudenet" not in pool
        with pytest.raises(KeyError, match="nudenet"):
            pool.run("nudenet", blob)
    there.append(nudenet_pack.path("nudenet"))
    assert "nudenet" in pool
    assert pool.run("nudenet", blob)[0].shape == (1, 22, 2100)
