"""What analyses found in one video, as the texts, tables and drawings that are made of it read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol


class FoundItem(Protocol):
    """One element of what a Get operation lists: `timestamp` in ms, `body` as it is answered."""

    @property
    def timestamp(self) -> int: ...

    @property
    def key(self) -> str: ...

    @property
    def body(self) -> Mapping[str, Any]: ...


class FoundItems(Protocol):
    """Keeps what was found, by Start operation and view."""

    def items(self, operation: str, view: str = "", *, by_key: bool = False) -> Iterator[FoundItem]:
        """Sorted by time, or by key and then by time."""

    def of_key(self, operation: str, view: str, key: str) -> FoundItem | None:
        """The first item of a key."""


class VideoFindings:
    """What was found in one video.

    `facts` has, by each Start operation that ran, what its Get operation answers beside its list;
    `intervals` has the time between the frames that it analysed, in ms.
    """

    def __init__(
        self, items: FoundItems, facts: Mapping[str, Mapping[str, Any]], intervals: Mapping[str, int]
    ) -> None:
        self.items, self.facts, self.intervals = items, facts, intervals
        self._joined = lru_cache(maxsize=4096)(self._join)

    @property
    def ran(self) -> set[str]:
        """The Start operations that ran."""
        return set(self.facts)

    @property
    def video(self) -> Mapping[str, Any]:
        """VideoMetadata."""
        about = next(iter(self.facts.values()))["VideoMetadata"]
        video: Mapping[str, Any] = about[0] if isinstance(about, list) else about
        return video

    @property
    def duration(self) -> int:
        """In ms, as the file states it."""
        return int(self.video["DurationMillis"])

    def joined(self, operation: str, view: str, key: str) -> Mapping[str, Any]:
        """What belongs to all items of a key, found by itself; {} where there is nothing."""
        return self._joined(operation, view, key)

    def _join(self, operation: str, view: str, key: str) -> Mapping[str, Any]:
        item = self.items.of_key(operation, view, key)
        return {} if item is None else item.body
