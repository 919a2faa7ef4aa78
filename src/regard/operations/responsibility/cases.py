"""CreateCase, GetCase, ListCases, CloseCase, PutCaseChannel and others: why a search is made."""

from __future__ import annotations

import json
import secrets
from functools import partial
from typing import Any

from regard.caller import Caller
from regard.context import Context
from regard.errors import AccessDeniedException, ConflictException, InvalidParameterException
from regard.governance.cases import ATTESTATIONS, Case, NewCase, case_not_found
from regard.governance.permissions import Permission, permits
from regard.governance.presence import Presence
from regard.governance.privacy.holds import Hold
from regard.governance.profiles import described
from regard.governance.purpose import strict_of
from regard.notifications.channel import check_channel
from regard.operations.inputs.pagination import page_of
from regard.operations.responsibility.declaring import responsible
from regard.operations.shapes.times import moment
from regard.storage.clock import milliseconds

_LISTING = "cases"
_MAX_RESULTS = 1000
_SEES_ALL = (Permission.APPROVE, Permission.AUDIT, Permission.PROTECT_PRIVACY)


def create_case(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Opens a case, on which its members may search.

    Raises InvalidParameterException for a purpose that needs none, an offence that the rules don't list, an
    attestation that is missing, or a channel that nothing could be told to, and AccessDeniedException for a
    key that is for one case alone.
    """
    accountability = ctx.stores.accountability
    _refuse_other(ctx, None)
    _check(request, accountability.profiles.rules.offences)
    channel = request.get("NotificationChannel")
    if channel is not None:
        check_channel(channel, ctx.settings, ctx.caller.key_id)
    members = [_member(ctx, name) for name in request.get("Members", [])]
    case = accountability.cases.open(
        NewCase(
            reference=request["Reference"],
            purpose=request["Purpose"],
            basis=request["Basis"],
            justification=request["Justification"],
            attested=request["Attested"],
            members=members,
            offence=request.get("Offence"),
            edits=request.get("Edits", ()),
            channel=channel,
            channel_key=None if channel is None else ctx.caller.key_id,
        ),
        opened_by=str(ctx.caller.person_id),
    )
    return case_shape(ctx, case)


def get_case(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """One case, to its members and to who judges or audits."""
    return case_shape(ctx, visible_case(ctx, request["CaseId"]))


def list_cases(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The cases that the caller may know, in the order they were opened, a page at a time."""
    numbered = [
        (number, case)
        for number, case in enumerate(ctx.stores.accountability.cases.all(), 1)
        if may_see_case(ctx, case)
    ]
    cases, token = page_of(_LISTING, numbered, request, _MAX_RESULTS)
    holds = ctx.stores.privacy.holds.on([case.case_id for case in cases])
    return {"Cases": [_shape(ctx, case, holds.get(case.case_id)) for case in cases], **token}


def close_case(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Closes a case of one's own: nothing is searched on it any more, and its keys end."""
    case = own_case(ctx, request["CaseId"])
    closed = ctx.stores.accountability.cases.close(case.case_id, str(ctx.caller.person_id), request["Reason"])
    return case_shape(ctx, closed)


def put_case_channel(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Says whom to tell of what the reviews of a case of one's own come to, or that nobody is told.

    Raises InvalidParameterException for a channel that nothing could be told to.
    """
    case, channel = own_case(ctx, request["CaseId"]), request.get("NotificationChannel")
    if channel is not None:
        check_channel(channel, ctx.settings, ctx.caller.key_id)
    changed = ctx.stores.accountability.cases.set_channel(case.case_id, channel, ctx.caller.key_id)
    return case_shape(ctx, changed)


def create_case_key(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a key that searches on one case alone, for programs that can't send x-regard-case.

    Raises ConflictException for a case that is closed, and AccessDeniedException for such a key: its hours
    would never be over.
    """
    case = own_case(ctx, request["CaseId"])
    if ctx.caller.case_id is not None:
        raise AccessDeniedException("A key for a case makes no other; ask for one with a key of your own.")
    if case.closed is not None:
        raise ConflictException(f"The case {case.case_id} is closed; open another one.")
    person, expires = ctx.caller.person, milliseconds() + request["Hours"] * 3_600_000
    if person is None:
        raise AccessDeniedException("This takes a person: call with a key that is somebody's.")
    key = ctx.stores.keys.create(
        f"{case.case_id}.{person.name[:40]}.{secrets.token_hex(3)}",
        "investigator",
        purpose=case.purpose,
        person=person,
        case_id=case.case_id,
        expires=expires,
    )
    return {
        "CaseId": case.case_id,
        "AccessKeyId": key.key_id,
        "SecretAccessKey": key.secret,
        "Expires": moment(expires),
    }


def get_rules(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """The rules that hold in this installation, and the profiles that they come from."""
    profiles = ctx.stores.accountability.profiles
    return {
        "Profiles": list(profiles.names),
        "Digest": profiles.digest,
        "SitePurpose": ctx.settings.site_purpose,
        "Rules": json.dumps(described(profiles.rules)),
    }


def own_case(ctx: Context, case_id: str) -> Case:
    """A case that the caller works on.

    Raises ResourceNotFoundException, and AccessDeniedException where their key is for another case alone.
    """
    _refuse_other(ctx, case_id)
    case = ctx.stores.accountability.cases.find(case_id)
    if case is None or ctx.caller.person_id not in case.members:
        raise case_not_found(case_id)
    return case


def visible_case(ctx: Context, case_id: str) -> Case:
    """A case that the caller may know. Raises as `own_case` does."""
    _refuse_other(ctx, case_id)
    case = ctx.stores.accountability.cases.find(case_id)
    if case is None or not may_see_case(ctx, case):
        raise case_not_found(case_id)
    return case


def case_shape(ctx: Context, kept: Case) -> dict[str, Any]:
    """A case as answers have it, without what should be gone by now."""
    return _shape(ctx, kept, ctx.stores.privacy.holds.find(kept.case_id))


def _shape(ctx: Context, kept: Case, hold: Hold | None) -> dict[str, Any]:
    privacy = ctx.stores.privacy
    case, date = privacy.cases.shown(kept, milliseconds()), privacy.cases.date(kept)
    shape = {
        "CaseId": case.case_id,
        "Reference": case.reference,
        "Purpose": case.purpose,
        "Basis": case.basis,
        "Offence": case.offence,
        "Justification": case.justification,
        "Attested": list(case.attested),
        "Edits": list(case.edits),
        "Members": list(case.members),
        "Opened": moment(case.opened),
        "OpenedBy": case.opened_by,
        "Closed": None if case.closed is None else moment(case.closed),
        "ClosedBy": case.closed_by,
        "ClosedFor": case.closed_for,
        "NotificationChannel": case.channel if ctx.caller.person_id in case.members else None,
        "Urgent": None if case.urgent is None else moment(case.urgent),
        "UrgentBy": case.urgent_by,
        "UrgentFor": case.urgent_for,
        "PurgeDate": None if date is None else moment(date),
        "Purged": None if case.purged is None else moment(case.purged),
        "HoldState": None if hold is None else hold.state,
        "HoldBasis": None if hold is None else hold.basis,
        "HoldUntil": None if hold is None or hold.until is None else moment(hold.until),
    }
    return {name: value for name, value in shape.items() if value is not None}


def may_see_case(ctx: Context, case: Case) -> bool:
    """Whether the caller works on a case, judges, or audits, and their key is for no other case."""
    if not is_of_key(ctx.caller, case.case_id):
        return False
    held = any(permits(role, permission) for role in ctx.caller.roles for permission in _SEES_ALL)
    return held or ctx.caller.person_id in case.members


def _member(ctx: Context, named: str) -> str:
    """The id of somebody who is to work on a case.

    Raises InvalidParameterException for who can't: a member never judges whom the case's searches find, so
    that whoever opens it could choose the judges by naming the others.
    """
    person = ctx.stores.accountability.people.get(named)
    if not any(permits(role, Permission.OPEN_CASES) for role in person.roles):
        raise InvalidParameterException(
            f"{person.name} is {', '.join(person.roles)}; the members of a case are investigators."
        )
    return person.person_id


def is_of_key(caller: Caller, case_id: str | None) -> bool:
    """Whether a key may be about a case: one that was made for a case is about no other."""
    return caller.case_id in (None, case_id)


def _refuse_other(ctx: Context, case_id: str | None) -> None:
    if not is_of_key(ctx.caller, case_id):
        raise AccessDeniedException(f"This key is for the case {ctx.caller.case_id} alone.")


def _check(request: dict[str, Any], offences: tuple[str, ...] | None) -> None:
    """Raises InvalidParameterException for what makes no case."""
    purpose = request["Purpose"]
    if strict_of(purpose) is None:
        raise InvalidParameterException(
            f"A case is for the purpose law-enforcement or missing-person, not {purpose[:80]!r}."
        )
    missing = [one for one in ATTESTATIONS if one not in request["Attested"]]
    if missing:
        raise InvalidParameterException(
            f"Whoever opens a case attests {', '.join(ATTESTATIONS)}; {missing[0]} is missing."
        )
    offence = request.get("Offence")
    if purpose == "law-enforcement" and offence is None:
        raise InvalidParameterException("A case of law enforcement names the Offence that it is about.")
    if purpose == "law-enforcement" and offences is not None and offence not in offences:
        raise InvalidParameterException(
            f"The rules here allow no search for that Offence; they list: {'; '.join(offences)}."
        )


_operation = partial(responsible, presence=Presence.KEY)
_PERSON = Presence.PERSON
OPERATIONS = (
    _operation(
        "CreateCase",
        create_case,
        Permission.OPEN_CASES,
        *("CaseId", "Reference", "Purpose", "Offence", "Attested", "Members"),
        presence=_PERSON,
    ),
    _operation("GetCase", get_case, Permission.READ, "CaseId"),
    _operation("ListCases", list_cases, Permission.READ),
    _operation("CloseCase", close_case, Permission.OPEN_CASES, "CaseId", "Reason", presence=_PERSON),
    _operation("PutCaseChannel", put_case_channel, Permission.OPEN_CASES, "CaseId", presence=_PERSON),
    _operation(
        "CreateCaseKey",
        create_case_key,
        Permission.OPEN_CASES,
        *("CaseId", "AccessKeyId", "Hours"),
        presence=_PERSON,
    ),
    _operation("GetRules", get_rules, Permission.READ),
)
