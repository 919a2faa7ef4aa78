"""What one turn of a running stream processor gives, for whoever runs it to keep, send and show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regard.streams.events import NewEvent, NewStreamNotice, Settle, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMark:
    """What is drawn on the live view: a box, in fractions of the picture's sides, and a few words."""

    left: float
    top: float
    width: float
    height: float
    caption: str
    is_match: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An event to keep, what is told of it, and what is written with it (its audit record) or decided (its
    review), in one transaction. `kept` is for how many milliseconds it is kept, None for as long as the
    setting says.
    """

    event: NewEvent
    notices: Sequence[NewStreamNotice] = ()
    within: Sequence[Within] = ()
    kept: int | None = None
    settle: Settle | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStep:
    """What a picture, or a moment without one, has come to.

    `records` are JSON texts for the output. `seen` says until when people were seen of whom an alert tells,
    by subject, in milliseconds since the epoch. `has_examined`: whether networks saw the picture.
    `is_urgent`: whether the next picture is wanted soon, since somebody there isn't decided yet. `marks` are
    what the live view shows, None where it shows what it did. `is_over`: the session has come to its end, of
    which `message` tells.
    """

    records: Sequence[str] = ()
    raised: Sequence[Raised] = ()
    seen: Mapping[str, int] = field(default_factory=dict)
    marks: Sequence[LiveMark] | None = None
    has_examined: bool = False
    is_urgent: bool = False
    is_over: bool = False
    message: str | None = None


NOTHING = StreamStep()
"""A turn in which there was nothing to do."""
