"""Moments of tracks: those whose track is known at once, and those of which it turns out later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from regard.video.following.tracks import Named

_PATIENCE = 4_000  # ms for which what is of no track is kept


def key_of(index: int) -> str:
    """By which a person's index sorts."""
    return f"{index:09}"


class Moments:
    """What was seen, by the track that it is of. A track is believed with its second sight or later."""

    def __init__(self) -> None:
        self._unnamed: dict[tuple[int, int], dict[str, Any]] = {}  # by timestamp and row

    def add(
        self, at: int, ids: Sequence[int], shapes: Sequence[dict[str, Any]], named: Iterable[Named]
    ) -> list[tuple[int, int, dict[str, Any]]]:
        """Timestamp (ms), index and shape of all that is known to be of a track now that `shapes` are seen.

        `ids`: the tracks of these, −1 for none yet; `named`: earlier ones that have got theirs.
        """
        known = [(at, index, shapes[row]) for row, index in enumerate(ids) if index >= 0]
        for one in named:
            shape = self._unnamed.pop((one.timestamp, one.row), None)
            if shape is not None:
                known.append((one.timestamp, one.id, shape))
        self._unnamed = {
            (when, row): shape for (when, row), shape in self._unnamed.items() if at - when <= _PATIENCE
        }
        self._unnamed |= {(at, row): shapes[row] for row, index in enumerate(ids) if index < 0}
        return known

    def state(self) -> list[list[Any]]:
        """All it knows, for JSON."""
        return [[when, row, shape] for (when, row), shape in self._unnamed.items()]

    @classmethod
    def restore(cls, state: Iterable[Sequence[Any]]) -> Moments:
        moments = cls()
        moments._unnamed = {(when, row): shape for when, row, shape in state}
        return moments
