"""What the records up to one say of authorizations: who asked, who decided, and when searches may run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from regard.governance.authorizations.records import Ground
from regard.governance.rules.rule import LogRecord, read_moment
from regard.storage.clock import CLOCK_SLACK

_ALLOWS: Final = ("ApproveAuthorization", "RatifyAuthorization", "ExtendAuthorization")
_ENDS: Final = ("RejectAuthorization", "RevokeAuthorization")
_STARTS_AT_ONCE: Final = (Ground.EXIGENCY, Ground.FIRST_IDENTIFICATION)
_ERASES: Final = "erase authorization"


@dataclass(slots=True)
class KnownAuthorization:
    """An authorization that records tell of; times are milliseconds since the epoch.

    `people` are those who asked, here or the authority. Searches may run from `allowed` on, None before
    somebody has approved it, until `until`, until `lapses` where nothing more is entered, or until it was
    `ended`. `successor` is the one that it was extended to. `jobs` ran under it.
    """

    sequence: int
    case: str
    people: set[str]
    until: float
    allowed: float | None = None
    ask_by: float | None = None
    decide_by: float | None = None
    lapses: float | None = None
    ended: float | None = None
    ended_by: int | None = None
    rejected: bool = False
    erased: bool = False
    successor: str | None = None
    jobs: set[str] = field(default_factory=set)

    def holds_at(self, moment: float) -> bool:
        """Whether searches may run under it then."""
        ends = min(one for one in (self.until, self.lapses, self.ended) if one is not None)
        return self.allowed is not None and self.allowed - CLOCK_SLACK <= moment < ends + CLOCK_SLACK

    def void_from(self) -> float | None:
        """When what was found under it had to be gone; None where it needn't."""
        return self.ended if self.rejected else self.lapses


@dataclass(slots=True)
class KnownAuthorizations:
    """Those of a log, by their ids."""

    by_id: dict[str, KnownAuthorization] = field(default_factory=dict)

    def hold_at(self, authorization_id: str, moment: float) -> bool:
        """Whether searches may run then under an authorization, or one that it was extended to."""
        following: str | None = authorization_id
        while following is not None:
            known = self.by_id.get(following)
            if known is None:
                return False
            if known.holds_at(moment):
                return True
            following = known.successor
        return False

    def follow(self, record: LogRecord) -> None:
        """Takes in what a record says."""
        if record.operation == _ERASES:
            known = self.by_id.get(str(record.said.get("subject")))
            if known is not None:
                known.erased = True
        if not record.was_let_in:
            return
        used, job = record.said.get("authorization"), record.said.get("job")
        if used in self.by_id and job is not None:
            self.by_id[str(used)].jobs.add(str(job))
        if record.is_done and "AuthorizationId" in record.facts:
            self._follow_act(record, str(record.facts["AuthorizationId"]))

    def _follow_act(self, record: LogRecord, authorization_id: str) -> None:
        person = str(record.said.get("person"))
        known = self.by_id.get(authorization_id)
        if record.operation == "RequestAuthorization":
            self.by_id[authorization_id] = _requested(record, person)
        elif record.operation == "ExtendAuthorization":
            self._extend(record, authorization_id)
        elif known is None:
            return
        elif record.operation == "SubmitAuthorization":
            known.people.add(person)
            known.lapses = known.decide_by
        elif record.operation in _ALLOWS:
            known.lapses = None
            known.until = read_moment(record.facts.get("Until"))
            known.allowed = read_moment(record.facts.get("From"))
        elif record.operation in _ENDS:
            known.ended, known.ended_by = record.ended, record.sequence
            known.rejected = record.operation == "RejectAuthorization"

    def _extend(self, record: LogRecord, authorization_id: str) -> None:
        before = self.by_id.get(str(record.facts.get("Extends")))
        if before is None:
            return
        before.ended, before.ended_by, before.successor = record.ended, record.sequence, authorization_id
        self.by_id[authorization_id] = KnownAuthorization(
            record.sequence,
            before.case,
            set(before.people),
            until=read_moment(record.facts.get("Until")),
            allowed=read_moment(record.facts.get("From")),
        )


def _requested(record: LogRecord, person: str) -> KnownAuthorization:
    facts = record.facts
    made = KnownAuthorization(
        record.sequence, str(facts.get("CaseId")), {person}, until=read_moment(facts.get("Until"))
    )
    if facts.get("Basis") in _STARTS_AT_ONCE:
        made.allowed = read_moment(facts.get("From"))
    if "AskBy" in facts:
        made.ask_by = made.lapses = read_moment(facts["AskBy"])
        made.decide_by = read_moment(facts.get("DecideBy"))
    return made
