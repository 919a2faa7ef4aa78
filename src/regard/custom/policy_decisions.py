"""What the policies of a project say of somebody who wants to copy a version of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from regard.custom.policies import ProjectPolicy, check_document, principals_of
from regard.governance.policy import covers

_USER: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):user/(?:.*/)?([^/]+)", re.DOTALL)
_ACCOUNT: Final = re.compile(r"(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?")


class PolicyDecision(StrEnum):
    """What policies come to. SILENT: they leave it to the caller's own rights."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SILENT = "silent"


def decide(policies: Iterable[ProjectPolicy], version_arn: str, *, user: str, account: str) -> PolicyDecision:
    """Of a project's policies, for the key named `user` of an account. As in IAM a Deny wins.

    A statement about the account denies its keys, and allows them nothing: it leaves to the account which of
    them may.
    """
    decision = PolicyDecision.SILENT
    for policy in policies:
        for statement in _statements(check_document(policy.document)):
            if not covers(statement["Resource"], version_arn):
                continue
            named = principals_of(statement)
            by_name = any(one == "*" or _is_user(one, user, account) for one in named)
            if statement["Effect"] == "Deny" and (by_name or any(_is_account(one, account) for one in named)):
                return PolicyDecision.DENIED
            if statement["Effect"] == "Allow" and by_name:
                decision = PolicyDecision.ALLOWED
    return decision


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    statements = document["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _is_user(principal: str, user: str, account: str) -> bool:
    match = _USER.fullmatch(principal)
    return match is not None and (match[1], match[2]) == (account, user)


def _is_account(principal: str, account: str) -> bool:
    match = _ACCOUNT.fullmatch(principal)
    return match is not None and match[1] == account
