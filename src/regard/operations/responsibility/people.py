"""CreatePerson, InvitePerson, ListPeople, SetRoles, SuspendPerson and others: who there is."""

from __future__ import annotations

from typing import Any

from regard.caller import Person
from regard.context import Context
from regard.errors import AccessDeniedException
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment

_LISTING = "people"
_MAX_RESULTS = 1000


def create_person(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Adds a person in some roles."""
    return person_shape(ctx.stores.accountability.people.add(request["Name"], request["Roles"]))


def invite_person(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a link by which somebody comes to sign in to the console: good once, and for a day."""
    person = ctx.stores.accountability.people.get(request["PersonId"])
    made = ctx.stores.accountability.invitations.make(person)
    return {"PersonId": person.person_id, "Code": made.code, "Expires": moment(made.expires)}


def list_people(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The people in the order they were added, a page at a time."""
    numbered = enumerate(ctx.stores.accountability.people.all(), 1)  # nobody is ever removed
    people, token = page_of(_LISTING, numbered, request, _MAX_RESULTS)
    return {"People": [person_shape(person) for person in people], **token}


def set_roles(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Gives somebody these roles and no others; nobody gives roles to themself."""
    people = ctx.stores.accountability.people
    person = another(ctx, request["PersonId"], "give roles to")
    return person_shape(people.set_roles(person.person_id, request["Roles"]))


def suspend_person(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Stops somebody's keys and sessions at once, in every server of the installation."""
    people = ctx.stores.accountability.people
    person = people.get(request["PersonId"])
    return person_shape(people.suspend(person.person_id))


def resume_person(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Lets the keys of somebody who was suspended be used again."""
    people = ctx.stores.accountability.people
    person = another(ctx, request["PersonId"], "resume")
    return person_shape(people.suspend(person.person_id, suspended=False))


def reset_second_factor(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Forgets what somebody signs in with and ends their sessions, so that they can set up another."""
    person = another(ctx, request["PersonId"], "reset the second factor of")
    ctx.stores.accountability.factors.reset(person)
    return person_shape(person)


def another(ctx: Context, named: str, act: str) -> Person:
    """Somebody else than the caller. Raises AccessDeniedException, and ResourceNotFoundException."""
    person = ctx.stores.accountability.people.get(named)
    if person.person_id == ctx.caller.person_id:
        raise AccessDeniedException(f"Nobody can {act} themself; ask another administrator.")
    return person


def person_shape(person: Person) -> dict[str, Any]:
    """A person as answers have it."""
    shape = {
        "PersonId": person.person_id,
        "Name": person.name,
        "Roles": list(person.roles),
        "Suspended": None if person.suspended is None else moment(person.suspended),
    }
    return {name: value for name, value in shape.items() if value is not None}


def _operation(name: str, run: Any, *notes: str, presence: Presence = Presence.OWNER) -> Operation:
    return Operation(
        name=name,
        run=run,
        area=Area.RESPONSIBLE_USE,
        permission=Permission.MANAGE_PEOPLE,
        notes=notes,
        is_own=True,
        presence=presence,
    )


OPERATIONS = (
    _operation("CreatePerson", create_person, "PersonId", "Name", "Roles"),
    _operation("InvitePerson", invite_person, "PersonId", "Expires"),
    _operation("ListPeople", list_people, presence=Presence.KEY),
    _operation("SetRoles", set_roles, "PersonId", "Roles"),
    _operation("SuspendPerson", suspend_person, "PersonId", presence=Presence.KEY),
    _operation("ResumePerson", resume_person, "PersonId"),
    _operation("ResetSecondFactor", reset_second_factor, "PersonId"),
)
