"""Who waits for whom: requests about pictures wait in one lane, all others in another.

A picture takes a tenth of a second or more of a core, so as many are analysed at a time as there are cores.
What examines no picture takes milliseconds, most of them for the disk: behind hundreds of pictures it would
wait for half a minute, and so does not stand there.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from regard.api.model import ApiOperation
from regard.api.request_queue import RequestQueue
from regard.settings import Settings

OTHER_THREADS: Final = 4
"""Threads for what examines no picture."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue, and the threads that take requests from it."""

    queue: RequestQueue
    executor: Executor


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of one server, which its APIs share."""

    pictures: Lane
    others: Lane

    @classmethod
    def of(cls, settings: Settings) -> Lanes:
        return cls(
            _lane(settings, settings.worker_count, "request"), _lane(settings, OTHER_THREADS, "other-request")
        )

    def lane_of(self, operation: ApiOperation) -> Lane:
        return self.pictures if operation.takes_images else self.others


def _lane(settings: Settings, threads: int, name: str) -> Lane:
    queue = RequestQueue(settings.queue, workers=threads, seconds=settings.queue_seconds)
    return Lane(queue, ThreadPoolExecutor(threads, thread_name_prefix=name))
