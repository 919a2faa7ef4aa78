"""What an operation tells of how its request is counted."""

from __future__ import annotations

from typing import Final, Protocol

from regard.jobs.records import Job


class Meter(Protocol):
    """Is told what changes what a request is counted as."""

    def repeat(self) -> None:
        """The answer is one that was given before, to a request with the same token: it counts nothing."""
        ...

    def cancel(self, job: Job) -> None:
        """A job was ended before it was done. `job` is as it was then: what it has done is counted."""
        ...


class _Unmetered:
    """Of an operation that isn't called by the gate."""

    def repeat(self) -> None: ...

    def cancel(self, job: Job) -> None: ...


UNMETERED: Final[Meter] = _Unmetered()
