"""SetUpSecondFactor, OpenSession, CloseSession: a person shows that it is them."""

from __future__ import annotations

from typing import Any

from regard.caller import Person
from regard.context import Context
from regard.errors import AccessDeniedException
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment


def set_up_second_factor(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes the caller's second factor, whose secret is answered this once."""
    person = _person(ctx, request)
    uri = ctx.stores.accountability.factors.set_up(person)
    return {"PersonId": person.person_id, "Uri": uri}


def open_session(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Opens a session for whoever knows the code that their telephone shows now; each code is taken once."""
    person = _person(ctx, request)
    if person.suspended is not None:
        raise AccessDeniedException(f"{person.name} is suspended.")
    ctx.stores.accountability.factors.check(person, request["Code"])
    session = ctx.stores.accountability.sessions.open(person, ctx.caller.key_id)
    return {
        "PersonId": person.person_id,
        "SessionToken": session.token,
        "Verified": moment(session.verified),
        "Expires": moment(session.expires),
    }


def close_session(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Ends a session."""
    ctx.stores.accountability.sessions.close(request["SessionToken"])
    return {}


def _person(ctx: Context, request: dict[str, Any]) -> Person:
    """Whose key it is; at the command line of the data folder's owner, whoever is named.

    Raises AccessDeniedException where a key would act for another, and ResourceNotFoundException.
    """
    named = request.get("PersonId")
    if ctx.caller.person is not None:
        if named not in (None, ctx.caller.person.person_id, ctx.caller.person.name):
            raise AccessDeniedException("A person's key acts for that person alone; leave PersonId out.")
        return ctx.caller.person
    if ctx.caller.key_id != "local" or named is None:
        raise AccessDeniedException("This takes a person: call with a key that is somebody's.")
    return ctx.stores.accountability.people.get(named)


def _operation(name: str, run: Any, *notes: str, presence: Presence = Presence.KEY) -> Operation:
    return Operation(
        name=name,
        run=run,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.READ,
        notes=notes,
        is_own=True,
        presence=presence,
    )


OPERATIONS = (
    _operation("SetUpSecondFactor", set_up_second_factor, "PersonId"),
    _operation("OpenSession", open_session, "PersonId"),
    _operation("CloseSession", close_session),
)
