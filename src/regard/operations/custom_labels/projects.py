"""CreateProject, DescribeProjects, DeleteProject."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from regard.context import Context
from regard.custom.records import ProjectFeature
from regard.errors import InvalidParameterException
from regard.governance.permissions import Permission
from regard.operations.collections.tags import check_new_tags
from regard.operations.custom_subjects import custom_arn
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.inputs.project_tags import check_project_tags
from regard.operations.operation import Area, Operation
from regard.operations.shapes.custom_labels import described_project
from regard.operations.subjects import PROJECT

_LISTING: Final = "projects"
_MAX_RESULTS: Final = 100


def create_project(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes an empty project, of labels of one's own or of an adapter."""
    tags = request.get("Tags") or {}
    check_new_tags(tags)
    check_project_tags(tags)
    feature = ProjectFeature(request.get("Feature", ProjectFeature.CUSTOM_LABELS))
    auto_update = request.get("AutoUpdate")
    if auto_update is not None and feature is ProjectFeature.CUSTOM_LABELS:
        raise InvalidParameterException(
            "Request has invalid parameters: AutoUpdate is for projects of the feature CONTENT_MODERATION"
        )
    project = ctx.stores.custom.projects.create(
        request["ProjectName"],
        feature,
        auto_update=None if feature is ProjectFeature.CUSTOM_LABELS else auto_update == "ENABLED",
        tags=tags,
    )
    ctx.note(project=project.resource)
    return {"ProjectArn": custom_arn(ctx.settings, project.resource)}


def describe_projects(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The projects in the order they were made, with their data sets; adapters' only where Features asks."""
    limit = request.get("MaxResults", _MAX_RESULTS)
    features = request.get("Features") or [ProjectFeature.CUSTOM_LABELS]
    found = ctx.stores.custom.projects.page(
        after=read_token(_LISTING, request.get("NextToken")),
        limit=limit + 1,
        names=request.get("ProjectNames"),
        features=[ProjectFeature(one) for one in features],
    )
    page = found[:limit]
    datasets = ctx.stores.custom.datasets.of_projects(page)
    described = [described_project(one, datasets[one.row], ctx.settings) for one in page]
    token = {"NextToken": make_token(_LISTING, page[-1].row)} if len(found) > limit else {}
    return {"ProjectDescriptions": described, **token}


def delete_project(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Deletes a project that has neither data sets nor versions, and its policies."""
    ctx.stores.custom.projects.delete(ctx.project)
    return {"Status": "DELETING"}


_training = partial(Operation, area=Area.CUSTOM_LABELS, permission=Permission.TRAIN)

OPERATIONS = (
    _training(
        name="CreateProject", run=create_project, rights={"Tags": "tag_resource"}, notes=("ProjectName",)
    ),
    Operation(
        name="DescribeProjects", run=describe_projects, area=Area.CUSTOM_LABELS, permission=Permission.READ
    ),
    _training(name="DeleteProject", run=delete_project, about=PROJECT),
)
