"""A network that may be missing is asked for until it is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regard.packs.install import InstalledPack
from regard.vision.session import SessionPool


def test_an_optional_network_runs_from_the_moment_that_it_is_there(nudenet_pack: InstalledPack) -> None:
    there: list[Path] = []

    def look() -> Path:
        if not there:
            raise LookupError("not yet")
        return there[0]

    pool = SessionPool({}, optional={"nudenet": look})
    blob = {"images": np.zeros((1, 3, 320, 320), np.float32)}
    for _ in range(2):
        with pytest.raises(LookupError, match="not yet"):
            pool.run("nudenet", blob)
    there.append(nudenet_pack.path("nudenet"))
    assert pool.run("nudenet", blob)[0].shape == (1, 22, 2100)
