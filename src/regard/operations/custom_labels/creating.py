"""CreateProjectVersion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.context import Context
from regard.custom.datasets import datasets_of
from regard.custom.records import IN_USE, CustomDataset, DatasetType, Project, ProjectFeature
from regard.custom.resources import version_resource
from regard.custom.version_records import NewVersion
from regard.errors import InvalidParameterException, ResourceInUseException
from regard.governance.permissions import Permission
from regard.jobs.records import NewJob
from regard.operations.collections.tags import check_new_tags
from regard.operations.custom_labels.outputs import check_output
from regard.operations.custom_labels.training.course import milliseconds_worked
from regard.operations.custom_labels.training.run import train
from regard.operations.custom_subjects import custom_arn
from regard.operations.operation import Area, Bill, Operation
from regard.operations.subjects import PROJECT
from regard.storage.clock import milliseconds


def create_project_version(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Begins to train a version of a project, on its data sets or on the manifests of the request; of an
    adapter, on manifests.

    Raises ResourceInUseException for a name that the project has already, or while a data set is being
    changed; LimitExceededException while as many are training as may be; and InvalidParameterException.
    """
    project = ctx.project
    is_adapter = project.feature is ProjectFeature.CONTENT_MODERATION
    if "FeatureConfig" in request and not is_adapter:
        raise _invalid("FeatureConfig is for adapters of content moderation")
    check_new_tags(request.get("Tags") or {})
    if is_adapter and "TrainingData" in request and "TestingData" not in request:
        request = {**request, "TestingData": {"AutoCreate": True}}
    datasets = _datasets(ctx, project, request)
    check_output(ctx, project, request)
    created = milliseconds()
    new = NewVersion(
        resource=version_resource(project.name, request["VersionName"], created),
        project=project.row,
        name=request["VersionName"],
        created=created,
        caller=ctx.caller,
        request={
            **request,
            "Datasets": {kind: one.resource for kind, one in datasets.items()},
            **({"Feature": project.feature} if is_adapter else {}),
        },
    )
    job = NewJob(
        operation=ctx.operation,
        request=request,
        request_id=ctx.request_id,
        caller=ctx.caller,
        case=ctx.case,
        purpose=ctx.purpose,
    )
    version = ctx.stores.custom.versions.create(
        new, job, tags=request.get("Tags") or {}, datasets=list(datasets.values())
    )
    ctx.note(job=version.job_id)
    return {"ProjectVersionArn": custom_arn(ctx.settings, version.resource)}


def _datasets(ctx: Context, project: Project, request: Mapping[str, Any]) -> dict[DatasetType, CustomDataset]:
    """The data sets that are trained on; none where the request names manifests.

    Raises InvalidParameterException where there is neither, or both, or one of them only.
    """
    training, testing = request.get("TrainingData"), request.get("TestingData")
    with ctx.stores.database.read() as connection:
        found = datasets_of(connection, project)
    if training is None and testing is None:
        if DatasetType.TRAIN not in found:
            raise _invalid("the project has no training dataset, and TrainingData names no manifest")
        _check_ready(found)
        return found
    if found:
        raise _invalid("the project has datasets, so that TrainingData and TestingData can't be given")
    if training is None or testing is None:
        raise _invalid("TrainingData and TestingData are given both, or neither")
    _check_assets("TrainingData", training)
    if testing.get("AutoCreate"):
        if testing.get("Assets"):
            raise _invalid("TestingData has either Assets or AutoCreate")
    else:
        _check_assets("TestingData", testing)
    return {}


def _check_ready(found: Mapping[DatasetType, CustomDataset]) -> None:
    for one in found.values():
        if one.status not in IN_USE:
            raise ResourceInUseException(f"The {one.type.value} dataset is {one.status.value}.")
    if not found[DatasetType.TRAIN].labelled:
        raise _invalid("the training dataset has no labeled images")


def _check_assets(member: str, given: Mapping[str, Any]) -> None:
    assets = given.get("Assets") or []
    if len(assets) != 1:
        raise _invalid(f"{member} names one manifest, in Assets")
    where = assets[0].get("GroundTruthManifest", {}).get("S3Object", {})
    if not (where.get("Bucket") and where.get("Name")):
        raise _invalid(f"the GroundTruthManifest of {member} needs an S3Object with Bucket and Name")


def _invalid(what: str) -> InvalidParameterException:
    return InvalidParameterException(f"Request has invalid parameters: {what}")


OPERATIONS = (
    Operation(
        name="CreateProjectVersion",
        run=create_project_version,
        area=Area.CUSTOM_LABELS,
        permission=Permission.TRAIN,
        about=PROJECT,
        bills=Bill.TRAINING_MS,
        measure=milliseconds_worked,
        analysis=train,
        rights={"Tags": "tag_resource"},
    ),
)
