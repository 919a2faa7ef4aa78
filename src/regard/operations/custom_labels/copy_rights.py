"""Who may copy a version: whoever has the right to it, or is let by the policies of its project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.context import Context
from regard.custom.policies import COPY
from regard.custom.policy_decisions import PolicyDecision, decide
from regard.custom.resources import not_found, resource_of
from regard.custom.version_records import ProjectVersion
from regard.custom.versions import find_version
from regard.governance import policy
from regard.governance.permissions import Permission
from regard.operations.custom_subjects import custom_arn


def source_of_copy(ctx: Context, request: Mapping[str, Any]) -> ProjectVersion:
    """The version that is copied. Raises AccessDeniedException where the caller may not copy it, be it there
    or not, and ResourceNotFoundException.
    """
    named = request["SourceProjectVersionArn"]
    with ctx.stores.database.read() as connection:
        found = find_version(connection, named)
    arn = custom_arn(ctx.settings, str(resource_of(named)))
    policies = () if found is None else ctx.stores.custom.policies.of_row(found.project)
    account = ctx.settings.account
    decision = decide(policies, arn, ctx.caller, account=account)
    has_right = policy.allows(ctx.caller, Permission.TRAIN, COPY, arn)
    is_let = decision is PolicyDecision.ALLOWED and not policy.denies(ctx.caller, COPY, arn)
    if decision is PolicyDecision.DENIED or not (has_right or is_let):
        raise policy.refusal(ctx.caller, COPY, arn, account=account)
    if found is None:
        raise not_found(named)
    return found
