"""DescribeProjectVersions, DeleteProjectVersion, StartProjectVersion, StopProjectVersion."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from regard.context import Context
from regard.custom.version_records import MADE, ProjectVersion, VersionStatus
from regard.errors import InvalidParameterException, ResourceNotReadyException
from regard.governance.permissions import Permission
from regard.operations.custom_labels.detecting import open_model, refuse_adapter
from regard.operations.custom_labels.running import stop_running
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Bill, Operation
from regard.operations.pictures.moderation_adapters import has_expired
from regard.operations.shapes.project_versions import described_version
from regard.operations.subjects import PROJECT, PROJECT_VERSION

_MAX_RESULTS: Final = 100
_LISTING: Final = "project versions"
_TRAINING_STOPPED: Final = "The training was stopped."


def describe_project_versions(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The versions of a project, the newest first; those of some names where they are given."""
    project = ctx.project
    listing = f"{_LISTING} of {project.resource}"
    limit = request.get("MaxResults", _MAX_RESULTS)
    found = ctx.stores.custom.versions.page(
        project.row,
        names=request.get("VersionNames"),
        before=read_token(listing, request.get("NextToken")) or None,
        limit=limit + 1,
    )
    answer: dict[str, Any] = {"ProjectVersionDescriptions": [_shape(ctx, one) for one in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = make_token(listing, found[limit - 1].row)
    return answer


def delete_project_version(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Deletes a version. Raises ResourceInUseException while it trains, is copied or runs."""
    ctx.stores.custom.versions.delete(ctx.project_version)
    return {"Status": "DELETING"}


def start_project_version(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Has a version run, so that DetectCustomLabels answers for it.

    It is opened first, so that it runs when this has answered: clients ask again after half a minute at the
    earliest. Raises ResourceInUseException unless it can be started, and InvalidParameterException for an
    adapter.
    """
    version = ctx.project_version
    refuse_adapter(version)
    units = request["MinInferenceUnits"], request.get("MaxInferenceUnits")
    if units[1] is not None and units[1] < units[0]:
        raise InvalidParameterException(
            "Request has invalid parameters: MaxInferenceUnits is less than MinInferenceUnits"
        )
    if version.model is not None:
        try:
            open_model(ctx, version)
        except ResourceNotReadyException as error:
            raise InvalidParameterException(f"Request has invalid parameters: {error.message}") from error
    ctx.stores.custom.versions.start(version, ctx.caller, units)
    return {"Status": "STARTING"}


def stop_project_version(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Has a version run no more; one that is being trained is trained no further.

    Raises ResourceInUseException where it does neither, and InvalidParameterException for an adapter.
    """
    version = ctx.project_version
    refuse_adapter(version)
    if version.status is VersionStatus.TRAINING_IN_PROGRESS:
        _cancel(ctx, version)
    else:
        stop_running(ctx, version)
    return {"Status": "STOPPING"}


def _cancel(ctx: Context, version: ProjectVersion) -> None:
    job = ctx.stores.jobs.find(version.job_id)
    if job is not None and ctx.stores.jobs.cancel(job, _TRAINING_STOPPED):
        ctx.meter.cancel(job)


def _shape(ctx: Context, version: ProjectVersion) -> dict[str, Any]:
    job = ctx.stores.jobs.find(version.job_id) if version.status in MADE else None
    expired = version.is_adapter and not version.is_retrained and has_expired(version, ctx.models)
    return described_version(version, job, ctx.settings, expired=expired)


_managing = partial(Operation, area=Area.CUSTOM_LABELS, permission=Permission.TRAIN, about=PROJECT_VERSION)

OPERATIONS = (
    Operation(
        name="DescribeProjectVersions",
        run=describe_project_versions,
        area=Area.CUSTOM_LABELS,
        permission=Permission.READ,
        about=PROJECT,
    ),
    _managing(name="DeleteProjectVersion", run=delete_project_version),
    _managing(name="StartProjectVersion", run=start_project_version, bills=Bill.INFERENCE_MS),
    _managing(name="StopProjectVersion", run=stop_project_version),
)
