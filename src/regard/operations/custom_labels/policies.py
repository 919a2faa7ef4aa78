"""PutProjectPolicy, ListProjectPolicies, DeleteProjectPolicy."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from regard.context import Context
from regard.custom.records import ProjectFeature
from regard.errors import InvalidParameterException
from regard.governance.permissions import Permission
from regard.operations.inputs.pagination import page_of
from regard.operations.operation import Area, Operation
from regard.operations.shapes.custom_labels import described_policy
from regard.operations.subjects import PROJECT

_MAX_RESULTS: Final = 5


def put_project_policy(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Says who may copy a project's versions; with a policy's current revision it replaces that."""
    if ctx.project.feature is not ProjectFeature.CUSTOM_LABELS:
        raise InvalidParameterException(
            "Request has invalid parameters: only projects of the feature CUSTOM_LABELS have policies"
        )
    put = ctx.stores.custom.policies.put(
        ctx.project, request["PolicyName"], request["PolicyDocument"], request.get("PolicyRevisionId")
    )
    return {"PolicyRevisionId": put.revision}


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
