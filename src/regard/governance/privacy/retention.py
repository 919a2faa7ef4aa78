"""How long what is kept: the rules in force, as everybody may read them, and as whoever keeps something asks.

What keeps something of a kind asks `retained` whenever it would show it, and has a task of the upkeep erase
what is not retained any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from regard.errors import RegardError
from regard.governance.profiles import Rules

CLOSED_CASE: Final = "closed_case"
ANSWERED_FEEDBACK: Final = "answered_feedback"
ENROLLED_FACE: Final = "enrolled_face"

_HOUR: Final = 3_600_000
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    ENROLLED_FACE: ("An enrolled face", "enrolment"),
    "probe_without_candidates": ("The picture of a search that found nobody", "the search"),
    "pending_review": ("A candidate that nobody has judged", "the search"),
    "alert_unconfirmed": ("An alert of a live search that nobody has confirmed", "the alert"),
    "watch_list": ("A watch list", "the end of its deployment"),
    "unmatched_template": ("The template of a passer-by whom a live search doesn't match", "the comparison"),
    "track_template": ("The template of a person who is followed through a video", "its making"),
    CLOSED_CASE: ("What a case says: its number, grounds and reasons", "the end of the case"),
    ANSWERED_FEEDBACK: ("What somebody asked or complained of, and the answer", "the answer"),
}
"""What may be kept for a time, and since when it counts, in the words of the public schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptKind:
    """One line of the schedule: `what` is erased `hours` after `since`; None for no limit of the rules."""

    kind: str
    what: str
    since: str
    hours: int | None


class Retention:
    """The retention rules of an installation."""

    def __init__(self, rules: Rules) -> None:
        """Raises RegardError for a rule about something that nothing keeps: it would be an empty promise."""
        self._hours = rules.retention
        unknown = sorted(set(self._hours) - set(_KINDS))
        if unknown:
            raise RegardError(
                f"A profile has a retention rule that is not known, {unknown[0][:80]}; "
                f"there are {', '.join(_KINDS)}."
            )

    def end(self, kind: str, since: int) -> int | None:
        """When something of a kind is past its time, in milliseconds as `since`; None for never.

        Raises KeyError for a kind that there isn't.
        """
        _KINDS[kind]
        hours = self._hours.get(kind)
        return None if hours is None else since + hours * _HOUR

    def retained(self, kind: str, since: int, now: int) -> bool:
        """Whether something of a kind may still be kept and shown at `now`. Raises KeyError."""
        end = self.end(kind, since)
        return end is None or now < end

    def over_since(self, kind: str, now: int) -> int | None:
        """What of a kind is kept since then or longer is past its time at `now`; None for nothing.

        Raises KeyError.
        """
        length = self.end(kind, 0)
        return None if length is None else now - length

    def schedule(self) -> list[KeptKind]:
        """Every kind, with its time under the rules in force."""
        return [
            KeptKind(kind=kind, what=what, since=since, hours=self._hours.get(kind))
            for kind, (what, since) in _KINDS.items()
        ]
