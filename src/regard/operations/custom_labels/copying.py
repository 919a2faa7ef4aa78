"""CopyProjectVersion: its request, and who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.context import Context
from regard.custom.projects import find_project
from regard.custom.records import Project, ProjectFeature
from regard.custom.resources import not_found, version_resource
from regard.custom.version_records import MADE, NewVersion, ProjectVersion, VersionStatus
from regard.errors import InvalidParameterException, ResourceInUseException
from regard.governance.permissions import Permission
from regard.jobs.records import NewJob
from regard.operations.collections.tags import check_new_tags
from regard.operations.custom_labels.copy_rights import source_of_copy
from regard.operations.custom_labels.copying_run import copy
from regard.operations.custom_labels.outputs import check_output
from regard.operations.custom_subjects import custom_arn
from regard.operations.operation import Area, Operation
from regard.operations.subjects import DESTINATION_PROJECT
from regard.storage.clock import milliseconds


def copy_project_version(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Begins to copy a version into a project: its model, and what its training has written.

    Raises AccessDeniedException where neither the caller's own rights nor the source project's policies let
    them, ResourceInUseException for a name that the project has already and for a version that isn't made
    yet, ResourceNotFoundException, and InvalidParameterException.
    """
    source, destination = source_of_copy(ctx, request), ctx.project
    _check_source(ctx, request, source)
    _check_feature(destination)
    if source.status in MADE:
        raise ResourceInUseException(f"The project version {source.name} is {source.status}.")
    if source.model is None:
        raise _invalid(f"the project version {source.name} is {source.status} and has no model to copy")
    check_new_tags(request.get("Tags") or {})
    check_output(ctx, destination, request)
    created = milliseconds()
    new = NewVersion(
        resource=version_resource(destination.name, request["VersionName"], created),
        project=destination.row,
        name=request["VersionName"],
        created=created,
        caller=ctx.caller,
        request={**request, "Datasets": {}},
        status=VersionStatus.COPYING_IN_PROGRESS,
        source_arn=custom_arn(ctx.settings, source.resource),
    )
    job = NewJob(
        operation=ctx.operation,
        request={**request, "ProjectArn": request["DestinationProjectArn"]},
        request_id=ctx.request_id,
        caller=ctx.caller,
        case=ctx.case,
        purpose=ctx.purpose,
    )
    version = ctx.stores.custom.versions.create(new, job, tags=request.get("Tags") or {})
    ctx.note(job=version.job_id, source=source.resource)
    return {"ProjectVersionArn": custom_arn(ctx.settings, version.resource)}


def _check_source(ctx: Context, request: Mapping[str, Any], source: ProjectVersion) -> None:
    named = request["SourceProjectArn"]
    with ctx.stores.database.read() as connection:
        project = find_project(connection, named)
    if project is None:
        raise not_found(named)
    if project.row != source.project:
        raise _invalid("SourceProjectVersionArn is of another project than SourceProjectArn")
    _check_feature(project)


def _check_feature(project: Project) -> None:
    if project.feature is not ProjectFeature.CUSTOM_LABELS:
        raise _invalid("only versions of the feature CUSTOM_LABELS are copied")


def _invalid(what: str) -> InvalidParameterException:
    return InvalidParameterException(f"Request has invalid parameters: {what}")


OPERATIONS = (
    Operation(
        name="CopyProjectVersion",
        run=copy_project_version,
        area=Area.CUSTOM_LABELS,
        permission=Permission.TRAIN,
        about=DESTINATION_PROJECT,
        analysis=copy,
        rights={"Tags": "tag_resource"},
    ),
)
