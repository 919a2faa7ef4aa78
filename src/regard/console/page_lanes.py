"""Which threads answer a page, so that one that waits for what is far away keeps nobody from the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from regard.api.request_queue import RequestQueue

T = TypeVar("T")


class PageLane(StrEnum):
    """What a page, or an act of one, may wait for."""

    QUICK = "nothing: it is there in milliseconds"
    SLOW = "work of seconds, on this machine"
    OBJECTS = "a bucket, which may be far away"
    PROVIDER = "the identity provider, which may not answer"


@dataclass(frozen=True, slots=True)
class _Room:
    """Threads, and how many requests there may be for them; None for any number."""

    threads: int
    places: int | None = None


_ROOMS: Final[Mapping[PageLane, _Room]] = {
    PageLane.QUICK: _Room(4),
    PageLane.SLOW: _Room(2, 32),
    PageLane.OBJECTS: _Room(4),
    PageLane.PROVIDER: _Room(4, 32),
}


class PageLanes:
    """The lanes of one console."""

    def __init__(self) -> None:
        self._executors = {
            lane: ThreadPoolExecutor(room.threads, thread_name_prefix=f"console-{lane.name.lower()}")
            for lane, room in _ROOMS.items()
        }
        self._queues = {
            lane: RequestQueue(room.places) for lane, room in _ROOMS.items() if room.places is not None
        }

    async def run(self, lane: PageLane, function: Callable[..., T], *arguments: Any) -> T:
        """What a function answers, in a thread of a lane. Raises ThrottlingException where too many wait."""
        queue = self._queues.get(lane)
        leave = None if queue is None else queue.take()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executors[lane], function, *arguments)
        finally:
            if leave is not None:
                leave()
