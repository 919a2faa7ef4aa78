"""From moments to segments: how long something was there without a break."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_GAP = 1_500  # ms for which something may be missed and still count as there


@dataclass(slots=True)
class _Span:
    """`start`, `last` seen and the first moment `after`wards, ms; `body` as it was at its surest."""

    start: int
    last: int
    after: int | None
    confidence: float
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LabelSegment:
    """Something was there from `start` to `end`, ms; `body` as it was at its surest."""

    name: str
    start: int
    end: int
    body: Mapping[str, Any]


class Spans:
    """Takes what there is, moment by moment, and gives segments once they are over."""

    def __init__(self) -> None:
        self._open: dict[str, _Span] = {}
        self._now = 0

    def add(self, timestamp: int, seen: Mapping[str, tuple[float, Mapping[str, Any]]]) -> list[LabelSegment]:
        """`seen`: by name, how sure it is, in percent, and what to say of it. Times rise."""
        self._now = timestamp
        over = []
        for name, span in list(self._open.items()):
            if name in seen:
                continue
            if span.after is None:
                span.after = timestamp
            if timestamp - span.last > _GAP:
                over.append(LabelSegment(name, span.start, span.after, span.body))
                del self._open[name]
        for name, (confidence, body) in seen.items():
            known = self._open.get(name)
            if known is None:
                self._open[name] = _Span(timestamp, timestamp, None, confidence, body)
                continue
            known.last, known.after = timestamp, None
            if confidence > known.confidence:
                known.confidence, known.body = confidence, body
        return over

    def finish(self) -> list[LabelSegment]:
        """What is still there at the last moment, or was until shortly before."""
        segments = [
            LabelSegment(name, span.start, self._now if span.after is None else span.after, span.body)
            for name, span in self._open.items()
        ]
        self._open.clear()
        return segments

    def state(self) -> dict[str, Any]:
        """All it knows, for JSON."""
        spans = [
            [name, span.start, span.last, span.after, span.confidence, span.body]
            for name, span in self._open.items()
        ]
        return {"now": self._now, "open": spans}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Spans:
        spans = cls()
        spans._now = state["now"]
        spans._open = {name: _Span(*rest) for name, *rest in state["open"]}
        return spans
