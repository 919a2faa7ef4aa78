"""A source and a gate of the tests' own, which do as they are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from regard.streams.records import StreamProcessor
from regard.streams.running import SourceStanding
from regard.streams.steps import NOTHING, StreamStep


@dataclass(frozen=True)
class MadeStanding:
    """How a source stands."""

    word: str = "PLAYING"
    codec: str | None = "h264"
    width: int | None = 1280
    height: int | None = 720
    rate: float | None = 25.0
    last_picture: float | None = None
    why: str | None = None
    next_try: float | None = None
    is_final: bool = False


@dataclass
class MadeSource:
    """Gives numbers, so many a second, until it is told to stand otherwise."""

    rate: float = 20.0
    stands: MadeStanding = field(default_factory=MadeStanding)
    given: int = 0
    is_closed: bool = False

    def start(self) -> None: ...

    def ask(self, timeout: float) -> int | None:
        if self.stands.word != "PLAYING":
            time.sleep(min(timeout, 0.02))
            return None
        time.sleep(1 / self.rate)
        self.given += 1
        return self.given

    @property
    def state(self) -> SourceStanding:
        return self.stands

    @property
    def checkpoint(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        self.is_closed = True


Take = Callable[[StreamProcessor, int], StreamStep]


def nothing(_stream: StreamProcessor, _sample: int) -> StreamStep:
    return NOTHING


@dataclass
class MadeRunning:
    """Does with each sample what the gate was told."""

    stream: StreamProcessor
    gate: MadeGate
    checkpoint: Mapping[str, Any] = field(default_factory=dict)
    authorized_until: int | None = None

    def take(self, sample: int) -> StreamStep:
        self.gate.taken.setdefault(self.stream.name, []).append(sample)
        return self.gate.act(self.stream, sample)

    def wait(self, _standing: SourceStanding) -> StreamStep:
        return NOTHING

    def end(self, error: BaseException | None = None) -> None:
        self.gate.ended.append((self.stream.name, error))


@dataclass
class MadeGate:
    """Lets everything run."""

    act: Take = nothing
    taken: dict[str, list[int]] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    ended: list[tuple[str, BaseException | None]] = field(default_factory=list)

    def begin(self, stream: StreamProcessor) -> MadeRunning:
        self.begun.append(stream.name)
        return MadeRunning(stream, self)


@dataclass
class MadeOutput:
    """Keeps what it is given."""

    records: list[str] = field(default_factory=list)
    dropped: int = 0
    failure: str | None = None
    is_gone: bool = False
    is_closed: bool = False

    def put(self, record: str) -> None:
        self.records.append(record)

    def close(self) -> None:
        self.is_closed = True


class NoViews:
    """Nobody watches."""

    def show(self, stream: StreamProcessor, sample: Any, step: StreamStep) -> None: ...

    def forget(self, stream: StreamProcessor) -> None: ...


@dataclass
class Wakes:
    """Counts how often notices were to be delivered."""

    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> None:
        with self.lock:
            self.count += 1


def standing(source: MadeSource, **changes: Any) -> None:
    """Has a source stand otherwise."""
    source.stands = replace(source.stands, **changes)
