"""Rules of live video: faces are searched under an authorization of that camera, where people are told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select

from regard.governance.purpose import strict_of
from regard.governance.rules.known_streams import COVERT, is_start, searches_live
from regard.governance.rules.rule import LogRecord, Rule
from regard.governance.rules.state import LogState
from regard.storage.schema import stream_events, stream_processors
from regard.streams.events import EventKind

_FACES: Final = ("FACE_SEARCH", "faces are searched")
_LABELS: Final = ("LABELS", "labels are looked for")
"""What a notice names, and what is done."""


def _authorized(state: LogState, record: LogRecord) -> Iterator[str]:
    if not searches_live(record) or strict_of(str(record.said.get("purpose"))) is None:
        return
    stream = record.said.get("stream")
    if is_start(record):
        named, case = record.said.get("authorization"), record.said.get("case")
    else:
        session = state.streams.sessions.get(str(record.said.get("session")))
        if session is None:
            yield f"{stream} searched live video in a session that no record began"
            return
        named, case = session.authorization, session.case
    known = state.authorizations.by_id.get(str(named))
    if known is None:
        yield f"{stream} searched live video without an authorization that a record tells of"
        return
    if known.case != case:
        yield f"{named} is of the case {known.case}, not of {case}"
    if not state.authorizations.hold_at(str(named), record.began):
        yield f"{stream} searched live video while {named} did not hold"
    scope, camera = state.streams.scopes.get(str(named)), record.said.get("camera")
    if is_start(record) and (scope is None or camera not in scope.cameras):
        yield f"{stream} searched the camera {camera}, which {named} doesn't cover"


def _announced(state: LogState, record: LogRecord) -> Iterator[str]:
    if not (is_start(record) and record.was_let_in):
        return
    if strict_of(str(record.said.get("purpose"))) is None:
        return
    covers, done = _FACES if searches_live(record) else _LABELS
    camera, named = record.said.get("camera"), str(record.said.get("authorization"))
    scope = state.streams.scopes.get(named)
    if record.said.get("notice") == COVERT and scope is not None and scope.covert:
        return
    if covers not in state.streams.covered.get(str(camera), ()):
        yield f"{done} by the camera {camera}, and neither a notice says so nor a covert warrant"


def unexplained_streams(connection: Connection, state: LogState) -> Iterator[str]:
    """What the tables of live video hold and the log does not say, in sentences."""
    names = select(stream_processors.c.name).order_by(stream_processors.c.name)
    for name in connection.execute(names).scalars():
        if name not in state.streams.made:
            yield f"No record says that the stream processor {name} was made."
    matched = stream_events.c.kind == EventKind.FACE_MATCHED.value
    events = select(stream_events.c.event_id).where(matched).order_by(stream_events.c.row)
    for event_id in connection.execute(events).scalars():
        if event_id not in state.streams.alerts:
            yield f"No record tells of the alert {event_id}."


RULES = (
    Rule(
        "live searches",
        "Under strict purposes live video is searched while an authorization of the case covers the camera.",
        _authorized,
    ),
    Rule(
        "camera notices",
        "Under strict purposes no camera starts without a notice of what it does, or a covert warrant.",
        _announced,
    ),
)
