"""What a rule is, and what it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from regard.governance.permissions import Permission
from regard.governance.responsibility import Act

if TYPE_CHECKING:
    from regard.governance.rules.state import LogState


@dataclass(frozen=True, slots=True)
class DeclaredOperation:
    """What this version declares of an operation, as far as rules ask: the permission that it takes, None for
    what is public; the lowest threshold under a purpose with a floor, in percent, None for what matches
    nothing; what it does to people; whether it may change what a collection is for.
    """

    permission: Permission | None
    floor: float | None = None
    act: Act | None = None
    sets_purpose: bool = False


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record: its number, its hash, its text as it was hashed, and what the text says."""

    sequence: int
    hash: str
    text: str
    said: Mapping[str, Any]

    @property
    def operation(self) -> str:
        return str(self.said.get("operation", ""))

    @property
    def key(self) -> str:
        return str(self.said.get("key", ""))

    @property
    def facts(self) -> Mapping[str, Any]:
        """Members of the request and the answer that were kept."""
        facts = self.said.get("facts")
        return facts if isinstance(facts, dict) else {}

    @property
    def is_request(self) -> bool:
        """Whether it is that of an operation; else a command, or Regard itself, has left it."""
        return "outcome" in self.said

    @property
    def is_done(self) -> bool:
        """Whether the operation was answered."""
        return self.said.get("outcome") == "ok"

    @property
    def was_let_in(self) -> bool:
        """Whether the gate let the request, or the job, run."""
        return self.said.get("outcome") in ("ok", "begun")

    @property
    def is_run(self) -> bool:
        """Whether a worker has left it, about a job that was started by another record's request."""
        return self.said.get("stage") == "run"

    @property
    def began(self) -> float:
        """When the request came, in milliseconds since the epoch; 0 where the record tells no time."""
        return read_moment(self.said.get("time"))

    @property
    def ended(self) -> float:
        """When the record was written, in milliseconds since the epoch."""
        took = self.said.get("milliseconds")
        return self.began + (took if isinstance(took, int | float) else 0)


def read_moment(told: Any) -> float:
    """A time that a record tells, in milliseconds since the epoch; 0 for what is none."""
    try:
        return datetime.fromisoformat(told).timestamp() * 1000
    except (TypeError, ValueError):
        return 0.0


@dataclass(frozen=True, slots=True)
class Violation:
    """A record that breaks a rule, and how, in a sentence."""

    sequence: int
    rule: str
    sentence: str


Step = Callable[["LogState", LogRecord], Iterator[str]]
"""Sentences of what a record breaks, given what the records before it have said."""

End = Callable[["LogState"], Iterator[tuple[int, str]]]
"""The same of what shows only at the log's end, with the numbers of the records."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One invariant. `says` is what holds, in a sentence."""

    name: str
    says: str
    step: Step | None = None
    end: End | None = None
