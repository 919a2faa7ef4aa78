"""What the records up to one say of live video: processors, their sessions, cameras, notices and alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from regard.governance.rules.rule import LogRecord

COVERT: Final = "covert"
"""What the record of a start says in a notice's place where the warrant is covert."""
_START: Final = "StartStreamProcessor"


@dataclass(frozen=True, slots=True)
class KnownScope:
    """The cameras that an authorization covers, and whether nobody is told."""

    cameras: frozenset[str]
    covert: bool


@dataclass(frozen=True, slots=True)
class KnownSession:
    """A session of a processor: the record that started it, its authorization and its case, None for none."""

    sequence: int
    authorization: str | None
    case: str | None


@dataclass(slots=True)
class KnownStreams:
    """Those of a log. `made` are names of processors that there are, `covered` what the newest notice of each
    camera names, `alerts` ids of events.
    """

    made: set[str] = field(default_factory=set)
    sessions: dict[str, KnownSession] = field(default_factory=dict)
    scopes: dict[str, KnownScope] = field(default_factory=dict)
    covered: dict[str, frozenset[str]] = field(default_factory=dict)
    alerts: set[str] = field(default_factory=set)

    def follow(self, record: LogRecord) -> None:
        """Takes in what a record says."""
        if not record.was_let_in:
            return
        if "event" in record.said:
            self.alerts.add(str(record.said["event"]))
        if record.is_done:
            self._follow_done(record)

    def _follow_done(self, record: LogRecord) -> None:
        facts, stream = record.facts, str(record.said.get("stream"))
        if record.operation == "CreateStreamProcessor":
            self.made.add(stream)
        elif record.operation == "DeleteStreamProcessor":
            self.made.discard(stream)
        elif record.operation == "PutCameraNotice":
            self.covered[str(facts.get("CameraId"))] = frozenset(map(str, facts.get("Covers", ())))
        elif is_start(record):
            named = record.said.get("authorization")
            self.sessions[str(record.said.get("session"))] = KnownSession(
                record.sequence, None if named is None else str(named), record.said.get("case")
            )
        elif "AuthorizationId" in facts:
            self._follow_scope(record)

    def _follow_scope(self, record: LogRecord) -> None:
        """What an authorization covers, or the one that goes on in another's place."""
        facts = record.facts
        scope = self.scopes.get(str(facts.get("Extends")))
        if record.operation == "RequestAuthorization":
            cameras = frozenset(map(str, facts.get("Cameras", ())))
            scope = KnownScope(cameras, bool(facts.get("Covert", False)))
        if scope is not None:
            self.scopes[str(facts["AuthorizationId"])] = scope


def is_start(record: LogRecord) -> bool:
    """Whether somebody started a processor; else its worker may have left the record."""
    return record.operation == _START and "stage" not in record.said


def searches_live(record: LogRecord) -> bool:
    """Whether it is of a face search in live video: a start, or what a worker tells of one."""
    has_faces = record.said.get("collection") is not None
    return record.operation == _START and record.was_let_in and has_faces
