"""Drawn videos, read again."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
