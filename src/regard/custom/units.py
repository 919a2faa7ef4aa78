"""Inference units: how many pictures of a version a server works on at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from regard.custom.version_records import ProjectVersion
from regard.errors import ProvisionedThroughputExceededException

_SECONDS: Final = 5.0


@dataclass(slots=True)
class _UnitLoad:
    """Pictures of a version that are worked on, and that wait."""

    at_work: int = 0
    waiting: int = 0


class InferenceUnits:
    """The pictures of running versions in one process. Thread-safe.

    A version has as many pictures at work as it has inference units: always MinInferenceUnits of them, and up
    to MaxInferenceUnits while no other version's picture waits. As many again wait, `seconds` at most, and no
    more: who waits holds a worker of the server, and one version's clients mustn't take them all.
    """

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._changed = threading.Condition()
        self._loads: dict[int, _UnitLoad] = {}

    @contextmanager
    def hold(self, version: ProjectVersion) -> Iterator[None]:
        """Holds a unit of a version that runs. Raises ProvisionedThroughputExceededException where none comes
        free, or as many wait already.
        """
        units = version.min_units or 1
        ceiling = max(units, version.max_units or units)
        with self._changed:
            load = self._loads.setdefault(version.row, _UnitLoad())
            try:
                self._take(load, units, ceiling)
            finally:
                self._forget(version.row, load)
        try:
            yield
        finally:
            with self._changed:
                load.at_work -= 1
                self._forget(version.row, load)
                self._changed.notify_all()

    def waiting(self, version: ProjectVersion) -> int:
        """How many pictures of a version wait."""
        with self._changed:
            load = self._loads.get(version.row)
            return 0 if load is None else load.waiting

    def _take(self, load: _UnitLoad, units: int, ceiling: int) -> None:
        """Counts a picture as at work, once it may be. The lock is held."""

        def is_free() -> bool:
            others = any(other.waiting for other in self._loads.values() if other is not load)
            return load.at_work < (units if others else ceiling)

        if not is_free():
            if load.waiting >= ceiling:
                raise _exceeded(ceiling)
            load.waiting += 1
            try:
                came = self._changed.wait_for(is_free, self._seconds)
            finally:
                load.waiting -= 1
                self._changed.notify_all()  # others may have kept back for it
            if not came:
                raise _exceeded(ceiling)
        load.at_work += 1

    def _forget(self, row: int, load: _UnitLoad) -> None:
        if not load.at_work and not load.waiting and self._loads.get(row) is load:
            del self._loads[row]


def _exceeded(ceiling: int) -> ProvisionedThroughputExceededException:
    return ProvisionedThroughputExceededException(
        f"The number of requests exceeded the throughput of {ceiling} inference "
        f"{'unit' if ceiling == 1 else 'units'}. Try again, or start the version with more."
    )
