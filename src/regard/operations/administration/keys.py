"""CreateKey, ListKeys, SuspendKey, ResumeKey: who may call."""

from __future__ import annotations

import json
import re
from typing import Any

from regard.caller import Caller, Person
from regard.context import Context
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    RegardError,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from regard.governance import policy, purpose
from regard.governance.keys import Key, NameTaken
from regard.governance.permissions import ROLES, Permission, may_make, permits
from regard.governance.presence import Presence, check_presence
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment

_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)  # what IAM allows a user
_LISTING = "keys"
_MAX_RESULTS = 1000


def create_key(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes an access key, whose secret is answered this once; no key makes one that may do more than itself.

    Raises InvalidParameterException, ResourceAlreadyExistsException for a name that another key has, and
    AccessDeniedException.
    """
    name, role = request["Name"], request.get("Role", "operator")
    if not _NAME.fullmatch(name):
        raise InvalidParameterException(
            f"A key's name has 1 to 64 letters, digits and + = , . @ _ - in it; {name[:80]!r} does not."
        )
    if role not in ROLES:
        raise InvalidParameterException(f"There is no role {role[:80]}; the roles are {', '.join(ROLES)}.")
    of = purpose.parse(request.get("Purpose", ctx.caller.purpose))
    document = _document(request.get("PolicyDocument"))
    owner = request.get("Person")
    person = None if owner is None else _owner(ctx, owner, role)
    if person is None:
        _refuse_more(ctx.caller, role, of)
    try:
        key = ctx.stores.keys.create(name, role, purpose=of, policy=document, person=person)
    except NameTaken as error:
        raise ResourceAlreadyExistsException(str(error)) from error
    return {**_shape(key), "SecretAccessKey": key.secret}


def list_keys(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The keys in the order they were made, without their secrets, a page at a time."""
    numbered = enumerate(ctx.stores.keys.all(), 1)  # no key is ever removed
    keys, token = page_of(_LISTING, numbered, request, _MAX_RESULTS)
    return {"Keys": [_shape(key) for key in keys], **token}


def suspend_key(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Stops a key at once, in every server of the installation."""
    return _set_suspended(ctx, request["KeyId"], suspended=True)


def resume_key(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Lets a suspended key be used again."""
    return _set_suspended(ctx, request["KeyId"], suspended=False)


def _set_suspended(ctx: Context, key_id: str, *, suspended: bool) -> dict[str, Any]:
    key = ctx.stores.keys.find(key_id)
    if key is None:
        raise ResourceNotFoundException(f"There is no key {key_id}; `regard keys list` shows them.")
    _refuse_more(ctx.caller, key.role, key.purpose)
    ctx.stores.keys.suspend(key_id, suspended=suspended)
    changed = ctx.stores.keys.find(key_id)
    return _shape(key if changed is None else changed)


def _owner(ctx: Context, named: str, role: str) -> Person:
    """Whose key is to be made. Raises AccessDeniedException, ResourceNotFoundException, and
    InvalidParameterException for a role that they don't hold.
    """
    if not any(permits(one, Permission.MANAGE_PEOPLE) for one in ctx.caller.roles):
        raise AccessDeniedException("Only who manages people makes somebody's key; ask an administrator.")
    check_presence(Presence.OWNER, ctx.caller)  # whoever has it acts as that person
    if ctx.caller.policy is not None:
        raise AccessDeniedException(
            "A key with a policy of its own can't make or change keys; ask an administrator."
        )
    person = ctx.stores.accountability.people.get(named)
    if role not in person.roles:
        raise InvalidParameterException(
            f"{person.name} is not {role}, but {', '.join(person.roles)}; name one of these roles."
        )
    return person


def _refuse_more(caller: Caller, role: str, of: str) -> None:
    """Raises AccessDeniedException where a key of that role and purpose may do what the caller may not.

    A policy narrows a key in ways that can't be compared, so that who has one makes and changes none.
    """
    if caller.policy is not None:
        raise AccessDeniedException(
            "A key with a policy of its own can't make or change keys; ask an administrator."
        )
    if not any(may_make(one, role) for one in caller.roles):
        held = ", ".join(caller.roles)
        raise AccessDeniedException(
            f"A key of the role {role} may do what the role {held} may not; ask an administrator."
        )
    if purpose.stricter(caller.purpose, of) != of:
        raise AccessDeniedException(
            f"This key is for the purpose {caller.purpose}, and can't make or change keys for {of}, "
            "which is less strict."
        )


def _document(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        return policy.check_document(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InvalidParameterException("PolicyDocument is not JSON.") from error
    except RegardError as error:
        raise InvalidParameterException(str(error)) from error


def _shape(key: Key) -> dict[str, Any]:
    shape = {
        "KeyId": key.key_id,
        "Name": key.name,
        "Role": key.role,
        "Purpose": key.purpose,
        "PolicyDocument": None if key.policy is None else json.dumps(key.policy),
        "Created": moment(key.created),
        "Suspended": None if key.suspended is None else moment(key.suspended),
        "Person": None if key.person is None else key.person.person_id,
        "CaseId": key.case_id,
        "Expires": None if key.expires is None else moment(key.expires),
    }
    return {name: value for name, value in shape.items() if value is not None}


OPERATIONS = (
    Operation(
        name="CreateKey",
        run=create_key,
        area=Area.ADMINISTRATION,
        permission=Permission.MANAGE_KEYS,
        notes=("KeyId", "Name", "Role", "Purpose", "PolicyDocument", "Person"),
        is_own=True,
    ),
    Operation(
        name="ListKeys",
        run=list_keys,
        area=Area.ADMINISTRATION,
        permission=Permission.MANAGE_KEYS,
        is_own=True,
    ),
    Operation(
        name="SuspendKey",
        run=suspend_key,
        area=Area.ADMINISTRATION,
        permission=Permission.MANAGE_KEYS,
        notes=("KeyId",),
        is_own=True,
    ),
    Operation(
        name="ResumeKey",
        run=resume_key,
        area=Area.ADMINISTRATION,
        permission=Permission.MANAGE_KEYS,
        notes=("KeyId",),
        is_own=True,
    ),
)
