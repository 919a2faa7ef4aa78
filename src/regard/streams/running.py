"""What a stream worker asks of others: of the gate, of sources, of outputs, of whoever shows what is live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from regard.streams.records import StreamProcessor
from regard.streams.steps import StreamStep


class SourceStanding(Protocol):
    """How a source stands. Times are in seconds since the epoch; `why` is a sentence without URL."""

    @property
    def word(self) -> str:
        """CONNECTING, PLAYING, WAITING, ENDED or REFUSED."""

    @property
    def codec(self) -> str | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def rate(self) -> float | None: ...
    @property
    def last_picture(self) -> float | None: ...
    @property
    def why(self) -> str | None: ...
    @property
    def next_try(self) -> float | None: ...
    @property
    def is_final(self) -> bool: ...


class StreamSource(Protocol):
    """Gives samples when it is asked."""

    def start(self) -> None:
        """Connects, in the background, for ever."""

    def ask(self, timeout: float) -> Any | None:
        """The next sample; None where none came within so many seconds."""

    @property
    def state(self) -> SourceStanding: ...

    @property
    def checkpoint(self) -> Mapping[str, Any]:
        """From where another worker goes on, JSON-able; {} where that is now."""

    def close(self) -> None: ...


class Running(Protocol):
    """A processor that the gate lets run. Not for several threads at a time."""

    def take(self, sample: Any) -> StreamStep:
        """What a sample shows. Raises ServiceError, at the latest a second after the right to it ended."""

    def wait(self, standing: SourceStanding) -> StreamStep:
        """What is to be done though no sample came. Raises as `take` does."""

    @property
    def checkpoint(self) -> Mapping[str, Any]:
        """What another worker goes on from, JSON-able."""

    @property
    def authorized_until(self) -> int | None:
        """When the authorization ends that it runs under, in milliseconds since the epoch; None for none."""

    def end(self, error: BaseException | None = None) -> None:
        """Leaves the record of how it ended; GeneratorExit for what another worker goes on with."""


class StreamGate(Protocol):
    """The only way to an analysis."""

    def begin(self, stream: StreamProcessor) -> Running:
        """Admits the running of a processor by the rules that hold now. Raises ServiceError."""


class Output(Protocol):
    """Where records go."""

    def put(self, record: str) -> None:
        """Has a record, a JSON text, sent; returns at once."""

    @property
    def dropped(self) -> int: ...

    @property
    def failure(self) -> str | None:
        """Why the last try failed, None since one didn't."""

    @property
    def is_gone(self) -> bool:
        """Whether nothing more is tried."""

    def close(self) -> None: ...


class LiveViews(Protocol):
    """Whoever shows what is live."""

    def show(self, stream: StreamProcessor, sample: Any, step: StreamStep) -> None:
        """Takes note of a picture and of what was found in it; nobody may watch."""

    def forget(self, stream: StreamProcessor) -> None:
        """A processor is run here no more."""


class Unwatched:
    """For a worker whose pictures nobody can watch."""

    def show(self, stream: StreamProcessor, sample: Any, step: StreamStep) -> None: ...

    def forget(self, stream: StreamProcessor) -> None: ...
