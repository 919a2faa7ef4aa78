"""The features of a training's pictures, in a file of the worker's data folder.

The step that a job commits says how many rows count; what a worker that died has written behind them is cut
off. Where the file isn't there, since another machine goes on with the job, it is begun again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from regard.errors import InternalServerError
from regard.vision.pixels import Floats

FOLDER: Final = "training"
_TYPE: Final = np.dtype("<f2")


class FeatureFile:
    """Rows of `width` float16, in the order of the pictures, those of pictures of no use all zeros."""

    def __init__(self, data: Path, job_id: str, width: int) -> None:
        """`data` is the data folder."""
        self._path = data / "custom" / FOLDER / f"{job_id}.f2"
        self._width = width

    def resume(self, rows: int) -> int:
        """Cuts the file to `rows`, or to nothing where it has fewer; answers how many it has."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            kept = rows if file.seek(0, os.SEEK_END) >= rows * self._row_bytes else 0
            file.truncate(kept * self._row_bytes)
        return kept

    def append(self, features: Floats) -> None:
        """Rows (N, width) behind those that are there, on disk on return.

        Raises InternalServerError where there is no room.
        """
        try:
            with self._path.open("ab") as file:
                file.write(np.ascontiguousarray(features, _TYPE).tobytes())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InternalServerError(
                "The disk of the worker's data folder is full or failing. Make room on it and try again."
            ) from error

    def mapped(self, rows: int) -> NDArray[np.float16]:
        """(rows, width), of which no more is held in memory than is being read."""
        if not rows:
            return np.zeros((0, self._width), np.float16)
        return np.memmap(self._path, _TYPE, "r", shape=(rows, self._width))

    def remove(self) -> None:
        """What was learned from it is kept; it isn't needed any more."""
        self._path.unlink(missing_ok=True)

    @property
    def _row_bytes(self) -> int:
        return self._width * _TYPE.itemsize


def remove_left_over(data: Path, under_way: frozenset[str], before: float) -> int:
    """Removes files of jobs that are not under way and that nobody wrote since `before`, in seconds since the
    epoch; answers how many.
    """
    removed = 0
    for path in (data / "custom" / FOLDER).glob("*"):
        if path.name.partition(".")[0] not in under_way and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
