"""Rules of who may do what: known keys, their roles and policies, suspension."""

from __future__ import annotations

from collections.abc import Iterator

from regard.caller import Caller, is_person_id
from regard.governance import policy
from regard.governance.permissions import permits
from regard.governance.rules.rule import LogRecord, Rule
from regard.governance.rules.state import LogState, is_local


def _known(state: LogState, record: LogRecord) -> Iterator[str]:
    if not record.was_let_in or is_local(record.key):
        return
    if is_person_id(record.key):
        if record.key not in state.signed_in or record.said.get("person") != record.key:
            yield f"{record.key} was let in, and no record says that they signed in"
    elif record.key not in state.keys:
        yield f"the key {record.key} was let in, and no record says that it was made"


def _roles(state: LogState, record: LogRecord) -> Iterator[str]:
    if not record.was_let_in:
        return
    declared = state.declared.get(record.operation)
    if declared is None:
        yield f"{record.operation} was let in, which this version of Regard doesn't have"
        return
    known = state.keys.get(record.key)
    role = record.said.get("role")
    if known is not None and known.role is not None and role != known.role:
        yield f"the key {record.key} acted as {role}; it was made as {known.role} by record {known.made}"
    held = state.roles.get(record.key)
    if held is not None and not set(record.said.get("roles") or [role]) <= set(held):
        yield f"{record.key} acted in a role that the records before do not give them"
    if declared.permission is not None:
        roles = record.said.get("roles") or [role]
        if not any(permits(str(one), declared.permission) for one in roles):
            yield f"{record.operation} takes {declared.permission.name}, which {role} does not have"


def _policies(state: LogState, record: LogRecord) -> Iterator[str]:
    known = state.keys.get(record.key)
    declared = state.declared.get(record.operation)
    if not record.was_let_in or known is None or known.policy is None or declared is None:
        return
    if declared.permission is None:
        return
    collection = record.said.get("collection")
    arn = "*" if collection is None else f"arn:aws:rekognition:::collection/{collection}"
    roles = record.said.get("roles") or [record.said.get("role")]  # in a session all of the person's
    callers = [Caller(record.key, "", str(role), known.policy) for role in roles]
    action = f"rekognition:{record.operation}"
    if not any(policy.allows(caller, declared.permission, action, arn) for caller in callers):
        yield f"the policy of the key {record.key} does not allow {record.operation} there"


def _suspended(state: LogState, record: LogRecord) -> Iterator[str]:
    if not record.was_let_in:
        return
    known = state.keys.get(record.key)
    if known is not None and known.suspended is not None and known.suspended.holds_for(record):
        yield f"the key {record.key} was let in; record {known.suspended.sequence} suspends it"
    person = state.suspended_people.get(str(record.said.get("person")))
    if person is not None and person.holds_for(record):
        yield f"{person.value} was let in; record {person.sequence} suspends them"


RULES = (
    Rule(
        "known keys",
        "Only keys are let in that records say were made, people who signed in, and the folder's owner.",
        _known,
    ),
    Rule("roles", "Nothing is let in that the key's role does not hold the permission for.", _roles),
    Rule("policies", "Nothing is let in that the key's own policy does not allow.", _policies),
    Rule("suspension", "No key or person is let in between suspension and resumption.", _suspended),
)
