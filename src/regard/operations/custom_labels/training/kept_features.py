"""The features of a data set's pictures, kept in a worker's data folder for its next training.

A record is the SHA-256 of a picture's bytes, its features in float16, and a checksum, so that one that a
crash has torn is no picture's. The file has its name from the data set and from the network: another of
either finds nothing in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from regard.vision.pixels import Floats

FOLDER: Final = "features"
MAX_ROWS: Final = 50_000  # of a file: 130 MB
_MAX_BYTES: Final = 1_000_000_000  # of a data folder
_UNUSED_SECONDS: Final = 30 * 86_400.0

log: Any = structlog.get_logger(__name__)


class KeptFeatures:
    """Those of one data set, `width` numbers a picture, as they are when this is made. Threads may share it;
    one of them adds.
    """

    def __init__(self, data: Path, dataset: str, backbone: str, width: int) -> None:
        """`data` is the data folder, `dataset` the resource, `backbone` the network's digest."""
        self._path = data / "custom" / FOLDER / f"{_name_of(dataset)}-{backbone[:32]}.features"
        self._record = np.dtype([("picture", "u1", 32), ("features", "<f2", width), ("checksum", "<u4")])
        self._rows = self._mapped()
        pictures = self._rows["picture"]
        self._places = {picture.tobytes(): place for place, picture in enumerate(pictures)}

    def known(self) -> NDArray[np.uint64]:
        """The first eight bytes of the SHA-256 of each picture, as little-endian numbers, sorted. They tell a
        machine that lacks this file which pictures it needn't read.
        """
        first: NDArray[np.uint64] = self._rows["picture"][:, :8].copy().view("<u8").ravel()
        return np.sort(first)

    def get(self, picture: bytes) -> Floats | None:
        """(width,) of the picture of a SHA-256; None where they aren't kept, or the record is damaged."""
        place = self._places.get(picture)
        if place is None:
            return None
        row = self._rows[place]
        features: NDArray[np.float16] = row["features"]
        is_whole = int(row["checksum"]) == _checksum(picture, features)
        return features.astype(np.float32) if is_whole else None

    def add(self, read: Mapping[bytes, Floats]) -> None:
        """Keeps features (width,) by the SHA-256 of their pictures, for whoever opens the file next. A full
        disk is logged: the training goes on, and the next one reads these pictures again.
        """
        if not read or len(self._places) >= MAX_ROWS:
            return
        rows = np.zeros(len(read), self._record)
        for row, (picture, features) in zip(rows, read.items(), strict=True):
            row["picture"] = np.frombuffer(picture, np.uint8)
            row["features"] = features
            row["checksum"] = _checksum(picture, row["features"])
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)
            with self._path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # another worker may train on the same data set
                end = file.seek(0, 2)
                file.seek(end - end % self._record.itemsize)  # over what is torn
                file.write(rows.tobytes())
                file.truncate()
        except OSError as error:
            log.warning("features are not kept", pictures=len(read), error=error.strerror)

    def _mapped(self) -> NDArray[np.void]:
        try:
            rows = self._path.stat().st_size // self._record.itemsize
            self._path.touch()  # which says when it was used last
            if rows:
                return np.memmap(self._path, self._record, "r", shape=(rows,))
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("kept features can't be read", error=error.strerror)
        return np.zeros(0, self._record)


def remove_kept(data: Path, datasets: Iterable[str], now: float) -> int:
    """Removes the files of data sets that are not among `datasets`, those that no training has used for
    thirty days, and the longest unused ones beyond a gigabyte; answers how many. `now`: seconds since the
    epoch.
    """
    there = {_name_of(dataset) for dataset in datasets}
    found = [(path.stat(), path) for path in (data / "custom" / FOLDER).glob("*.features")]
    found.sort(key=lambda pair: -pair[0].st_mtime)
    removed, total = 0, 0
    for status, path in found:
        total += status.st_size
        unused = now - status.st_mtime > _UNUSED_SECONDS
        if path.name.partition("-")[0] not in there or unused or total > _MAX_BYTES:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _name_of(dataset: str) -> str:
    return hashlib.sha256(dataset.encode()).hexdigest()[:32]


def _checksum(picture: bytes, features: NDArray[np.float16]) -> int:
    return zlib.crc32(features.tobytes(), zlib.crc32(picture))
