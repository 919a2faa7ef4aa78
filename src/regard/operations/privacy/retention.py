"""GetRetentionSchedule, HoldCase: how long what is kept, and what is kept longer."""

from __future__ import annotations

from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.operations.operation import Area, Operation
from regard.operations.responsibility.cases import case_shape, visible_case
from regard.operations.shapes.times import in_milliseconds


def get_retention_schedule(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """The schedule by which everything is erased, from the rules in force."""
    profiles = ctx.stores.accountability.profiles
    lines = [
        {"Kind": kept.kind, "What": kept.what, "Since": kept.since, "Hours": kept.hours}
        for kept in ctx.stores.privacy.retention.schedule()
    ]
    return {
        "Profiles": list(profiles.names),
        "Digest": profiles.digest,
        "Schedule": [{name: value for name, value in line.items() if value is not None} for line in lines],
    }


def hold_case(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Asks that a case be kept beyond its time, or no longer, or confirms what another has asked for."""
    case, holds = visible_case(ctx, request["CaseId"]), ctx.stores.privacy.holds
    person, roles = str(ctx.caller.person_id), ctx.caller.roles
    if request["Hold"]:
        until = request.get("Until")
        ends = None if until is None else in_milliseconds(until)
        holds.ask(case.case_id, request["Basis"], ends, person, roles)
    else:
        holds.release(case.case_id, person, roles)
    return case_shape(ctx, case)


OPERATIONS = (
    Operation(
        name="GetRetentionSchedule",
        run=get_retention_schedule,
        area=Area.RESPONSIBLE_USE,
        permission=None,
        is_own=True,
    ),
    Operation(
        name="HoldCase",
        run=hold_case,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.READ,
        notes=("CaseId", "Hold", "Basis", "Until", "HoldState"),
        is_own=True,
        presence=Presence.VERIFIED,
    ),
)
