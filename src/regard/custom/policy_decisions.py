"""What the policies of a project say of somebody who wants to copy a version of it.

A key is a user of the account, by its name, and has assumed each role that it acts in: `role/ROLE` names all
who act in that role, `assumed-role/ROLE/NAME` one key while it does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from regard.caller import Caller
from regard.custom.policies import ProjectPolicy, check_document, principals_of
from regard.governance.policy import covers

_NAMED: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):(user|role)/(?:.*/)?([^/]+)", re.DOTALL)
_SESSION: Final = re.compile(r"arn:aws[a-z-]*:sts::(\d{12}):assumed-role/([^/]+)/(.+)", re.DOTALL)
_ACCOUNT: Final = re.compile(r"(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?")


class PolicyDecision(StrEnum):
    """What policies come to. SILENT: they leave it to the caller's own rights."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SILENT = "silent"


def decide(
    policies: Iterable[ProjectPolicy], version_arn: str, caller: Caller, *, account: str
) -> PolicyDecision:
    """Of a project's policies, for somebody of an account. As in IAM a Deny wins.

    A statement about the account denies its keys, and allows them nothing: it leaves to the account which of
    them may.
    """
    decision = PolicyDecision.SILENT
    for policy in policies:
        for statement in _statements(check_document(policy.document)):
            if not covers(statement["Resource"], version_arn):
                continue
            named = principals_of(statement)
            by_name = any(one == "*" or _is_caller(one, caller, account) for one in named)
            if statement["Effect"] == "Deny" and (by_name or any(_is_account(one, account) for one in named)):
                return PolicyDecision.DENIED
            if statement["Effect"] == "Allow" and by_name:
                decision = PolicyDecision.ALLOWED
    return decision


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    statements = document["Statement"]
    return statements if isinstance(statements, list) else [statements]


def unknown_role(document: str, *, account: str, roles: Collection[str]) -> str | None:
    """The first role of the account that a document names as a principal and that there isn't. Raises
    MalformedPolicyDocumentException.
    """
    for statement in _statements(check_document(document)):
        for principal in principals_of(statement):
            named = _role_of(principal, account)
            if named is not None and named not in roles:
                return named
    return None


def _role_of(principal: str, account: str) -> str | None:
    """The role of the account that a principal names, by itself or in a session."""
    match, session = _NAMED.fullmatch(principal), _SESSION.fullmatch(principal)
    if match is not None and (match[1], match[2]) == (account, "role"):
        return match[3]
    return session[2] if session is not None and session[1] == account else None


def _is_caller(principal: str, caller: Caller, account: str) -> bool:
    session = _SESSION.fullmatch(principal)
    if session is not None and session[3] != caller.name:
        return False
    role = _role_of(principal, account)
    if role is not None:
        return role in caller.roles
    match = _NAMED.fullmatch(principal)
    return match is not None and match.groups() == (account, "user", caller.name)


def _is_account(principal: str, account: str) -> bool:
    match = _ACCOUNT.fullmatch(principal)
    return match is not None and match[1] == account
