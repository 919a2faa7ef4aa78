"""What Regard has answered, as others are told of it."""

from __future__ import annotations

from dataclasses import dataclass

from regard.caller import Caller


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """A request and Regard's own answer to it; bodies are JSON as it was sent. `error` is its code."""

    operation: str
    body: bytes
    caller: Caller
    request_id: str
    status: int
    error: str | None
    answer: bytes
    seconds: float
