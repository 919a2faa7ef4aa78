"""PutCaseUrgency, PutDuty, EndDuty, GetDuty: cases that can't wait, and reviewers who are called to them."""

from __future__ import annotations

from typing import Any, Final

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.examination.duty import LONGEST_DUTY_HOURS
from regard.governance.permissions import Permission, permits
from regard.notifications.channel import check_channel
from regard.operations.responsibility.cases import case_shape, own_case
from regard.operations.responsibility.declaring import responsible
from regard.operations.shapes.times import moment
from regard.storage.clock import milliseconds

_CALLING: Final = (Permission.OPEN_CASES, Permission.APPROVE, Permission.MANAGE_PEOPLE)


def put_case_urgency(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Has the reviews of a case of one's own go first, and calls the reviewers on duty; or takes that back.

    Raises ConflictException for a case that is closed.
    """
    case = own_case(ctx, request["CaseId"])
    answer = {"CaseId": case.case_id}
    accountability = ctx.stores.accountability
    accountability.examination.reviews.expire()
    accountability.examination.duty.mark(
        case.case_id,
        urgent=request["Urgent"],
        by=str(ctx.caller.person_id),
        reason=request["Reason"],
        conclude=lambda connection: ctx.conclude(connection, answer),
    )
    return case_shape(ctx, accountability.cases.find(case.case_id) or case)


def put_duty(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Has the caller called to sheets that can't wait, until a moment.

    Raises InvalidParameterException for a moment that is past, or further than a day away, and for a channel
    that nothing could be told to.
    """
    until = round(request["Until"].timestamp() * 1000)
    now = milliseconds()
    if not now < until <= now + LONGEST_DUTY_HOURS * 3_600_000:
        raise InvalidParameterException(
            f"Duty ends within {LONGEST_DUTY_HOURS} hours from now; say until when, and begin anew then."
        )
    channel = request["NotificationChannel"]
    check_channel(channel, ctx.settings, ctx.caller.key_id)
    person_id, duty = str(ctx.caller.person_id), ctx.stores.accountability.examination.duty
    answer = {"PersonId": person_id}
    duty.begin(
        person_id,
        until,
        channel,
        ctx.caller.key_id,
        conclude=lambda connection: ctx.conclude(connection, answer),
    )
    return {**answer, **_shown(ctx)}


def end_duty(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Has the caller called no more."""
    answer = {"PersonId": str(ctx.caller.person_id)}
    ctx.stores.accountability.examination.duty.end(
        answer["PersonId"], conclude=lambda connection: ctx.conclude(connection, answer)
    )
    return {**answer, **_shown(ctx)}


def get_duty(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Who is on duty now, and until when, as far as the caller is told."""
    return _shown(ctx)


def _shown(ctx: Context) -> dict[str, Any]:
    """Who is on duty, to who calls for reviewers or manages people, else the caller alone; and where, of the
    caller alone.

    A reviewer who knew who else is on duty would know who rates the same sheet.
    """
    own = ctx.caller.person_id
    sees_all = any(permits(role, permission) for role in ctx.caller.roles for permission in _CALLING)
    return {
        "OnDuty": [
            {
                "PersonId": one.person_id,
                "Name": one.name,
                "Until": moment(one.until),
                **({"NotificationChannel": one.channel} if one.person_id == own else {}),
            }
            for one in ctx.stores.accountability.examination.duty.now()
            if sees_all or one.person_id == own
        ]
    }


OPERATIONS = (
    responsible("PutCaseUrgency", put_case_urgency, Permission.OPEN_CASES, "CaseId", "Urgent", "Reason"),
    responsible("PutDuty", put_duty, Permission.REVIEW, "PersonId", "Until"),
    responsible("EndDuty", end_duty, Permission.REVIEW, "PersonId"),
    responsible("GetDuty", get_duty, Permission.SEE_DUTY),
)
