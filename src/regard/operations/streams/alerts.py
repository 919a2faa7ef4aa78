"""ListAlerts: what all cameras saw, in one answer and one record, which says what of it was shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from regard.context import Context
from regard.governance.permissions import Permission
from regard.governance.policy import allows
from regard.governance.purpose import floor_of, strict_of, stricter
from regard.operations.operation import Area, Operation
from regard.operations.shapes.stream_events import described_event
from regard.operations.subjects import STREAM, resolve
from regard.operations.withholding import MatchPath, withhold
from regard.streams.events import StreamEvent

_ALERTS: Final = 50
_ACTION: Final = "rekognition:ListStreamEvents"
_MATCHES: Final = MatchPath(("MatchedFaces",), ("Similarity",))


@dataclass(frozen=True, slots=True)
class _CameraRights:
    """How the alerts of one camera are read now: whether at all, and by which purpose."""

    is_allowed: bool
    purpose: str


def list_alerts(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The newest alerts of all stream processors that the caller may read, the newest first.

    Under a strict purpose an alert is told on its case alone, by ListStreamEvents: here it is a number and a
    camera. The record names the events that were shown.
    """
    behind = request.get("After", 0)
    events = ctx.stores.stream_events
    found = events.newest_alerts(limit=_ALERTS, behind=behind)
    rights = {name: _rights_to(ctx, name) for name in dict.fromkeys(event.name for event in found)}
    if not all(held.is_allowed for held in rights.values()):
        # Cameras that the caller may not read must not crowd out those that they may.
        rights = {name: _rights_to(ctx, name) for name in events.alerting(behind=behind)}
        names = [name for name, held in rights.items() if held.is_allowed]
        found = events.newest_alerts(limit=_ALERTS, behind=behind, names=names)
    alerts = [_alert(event, rights[event.name]) for event in found]
    ctx.note(events=[one["Event"]["EventId"] for one in alerts if "Event" in one])
    return {"Alerts": alerts}


def _rights_to(ctx: Context, name: str) -> _CameraRights:
    subject = resolve(STREAM, {"Name": name}, ctx.stores, ctx.settings)
    purpose = stricter(stricter(subject.purpose, ctx.caller.purpose), ctx.settings.site_purpose)
    return _CameraRights(allows(ctx.caller, Permission.READ, _ACTION, subject.arn), purpose)


def _alert(event: StreamEvent, held: _CameraRights) -> dict[str, Any]:
    alert: dict[str, Any] = {"Number": event.row, "Camera": event.name}
    if strict_of(event.purpose, held.purpose) is not None:
        return alert
    shown = withhold(_MATCHES, described_event(event, is_named=True), floor_of(held.purpose))
    return {**alert, "Event": shown}


OPERATIONS = (
    Operation(
        name="ListAlerts",
        run=list_alerts,
        area=Area.STREAMS,
        permission=Permission.READ,
        shows=MatchPath(("Alerts", "Event", "MatchedFaces"), ("Similarity",)),
        is_own=True,
    ),
)
