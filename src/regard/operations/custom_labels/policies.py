"""PutProjectPolicy, ListProjectPolicies, DeleteProjectPolicy."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from regard.context import Context
from regard.custom.policy_decisions import unknown_role
from regard.custom.records import ProjectFeature
from regard.errors import InvalidParameterException, MalformedPolicyDocumentException
from regard.governance.permissions import ROLES, Permission
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.custom_labels import described_policy
from regard.operations.subjects import PROJECT

_MAX_RESULTS: Final = 5


def put_project_policy(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Says who may copy a project's versions; with a policy's current revision it replaces that.

    Raises InvalidParameterException for an adapter's project, MalformedPolicyDocumentException, and what
    `ProjectPolicies.put` raises.
    """
    if ctx.project.feature is not ProjectFeature.CUSTOM_LABELS:
        raise InvalidParameterException(
            "Request has invalid parameters: only projects of the feature CUSTOM_LABELS have policies"
        )
    _check_roles(ctx, request["PolicyDocument"])
    put = ctx.stores.custom.policies.put(
        ctx.project, request["PolicyName"], request["PolicyDocument"], request.get("PolicyRevisionId")
    )
    return {"PolicyRevisionId": put.revision}


def _check_roles(ctx: Context, document: str) -> None:
    """Raises MalformedPolicyDocumentException for a role that nobody can have: it would let nobody in, and
    nobody would notice.
    """
    role = unknown_role(document, account=ctx.settings.account, roles=ROLES.keys())
    if role is not None:
        raise MalformedPolicyDocumentException(
            f"Invalid principal in policy: there is no role {role[:80]}; there are {', '.join(ROLES)}."
        )


def list_project_policies(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The policies of a project in the order they were made, a page at a time."""
    numbered = [(policy.row, policy) for policy in ctx.stores.custom.policies.all(ctx.project)]
    page, token = page_of(f"policies/{ctx.project.resource}", numbered, request, _MAX_RESULTS)
    return {"ProjectPolicies": [described_policy(one, ctx.project, ctx.settings) for one in page], **token}


def delete_project_policy(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Removes a policy of a project."""
    ctx.stores.custom.policies.delete(ctx.project, request["PolicyName"], request.get("PolicyRevisionId"))
    return {}


_training = partial(Operation, area=Area.CUSTOM_LABELS, permission=Permission.TRAIN, about=PROJECT)

OPERATIONS = (
    _training(
        name="PutProjectPolicy",
        run=put_project_policy,
        notes=("PolicyName", "PolicyRevisionId", "PolicyDocument"),
    ),
    Operation(
        name="ListProjectPolicies",
        run=list_project_policies,
        area=Area.CUSTOM_LABELS,
        permission=Permission.READ,
        about=PROJECT,
    ),
    _training(
        name="DeleteProjectPolicy",
        run=delete_project_policy,
        notes=("PolicyName", "PolicyRevisionId"),
    ),
)
