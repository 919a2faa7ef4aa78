"""CreateDataset, DescribeDataset, DeleteDataset."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from regard.context import Context
from regard.custom.records import (
    IN_USE,
    CustomDataset,
    DatasetOutcome,
    DatasetStatus,
    DatasetType,
    ProjectFeature,
)
from regard.errors import InvalidParameterException, ServiceError
from regard.governance import policy
from regard.governance.permissions import Permission
from regard.jobs.records import NewJob
from regard.operations.collections.tags import check_new_tags
from regard.operations.custom_labels import making
from regard.operations.custom_subjects import custom_arn
from regard.operations.inputs.project_tags import check_project_tags
from regard.operations.operation import Area, Operation
from regard.operations.shapes.custom_labels import described_dataset
from regard.operations.subjects import DATASET, PROJECT

_AT_ONCE: Final = 4 * 1024 * 1024
"""Bytes of a manifest of which a data set is made before its request is answered: a second or two."""
_COPIED_AT_ONCE: Final = 10_000  # entries


def create_dataset(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Makes a project's training or test set: of a manifest, of another data set, or empty.

    A large one is made by a job.
    """
    tags = request.get("Tags") or {}
    check_new_tags(tags)
    check_project_tags(tags, of_project=False)
    if ctx.project.feature is not ProjectFeature.CUSTOM_LABELS:
        raise InvalidParameterException(
            "Request has invalid parameters: an adapter's project has no datasets; "
            "name its manifests in CreateProjectVersion"
        )
    is_small = _check_source(ctx, request)
    datasets = ctx.stores.custom.datasets
    dataset = datasets.create(ctx.project, DatasetType(request["DatasetType"]), tags=tags)
    ctx.note(dataset=dataset.resource)
    if not request.get("DatasetSource"):
        datasets.end(dataset, DatasetStatus.CREATE_COMPLETE)
    elif is_small:
        _make(ctx, request, dataset)
    else:
        _leave_to_job(ctx, request, dataset)
    return {"DatasetArn": custom_arn(ctx.settings, dataset.resource)}


def describe_dataset(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """How a data set stands, and how many entries, labels and errors it has."""
    return {"DatasetDescription": described_dataset(ctx.dataset)}


def delete_dataset(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Deletes a data set and its entries, unless it is made, changed or trained on; the pictures stay."""
    ctx.stores.custom.datasets.delete(ctx.dataset)
    return {}


def _check_source(ctx: Context, request: Mapping[str, Any]) -> bool:
    """Whether what a data set is made of is read at once.

    Raises InvalidParameterException, InvalidS3ObjectException, ResourceNotFoundException for a data set that
    there isn't, and AccessDeniedException where its entries may not be listed.
    """
    source = request.get("DatasetSource") or {}
    if not source:
        return True
    if len(source) > 1:
        raise InvalidParameterException(
            "Request has invalid parameters: DatasetSource has either GroundTruthManifest or DatasetArn"
        )
    if "DatasetArn" not in source:
        where = source["GroundTruthManifest"].get("S3Object") or {}
        if not (where.get("Bucket") and where.get("Name")):
            raise InvalidParameterException("Request has invalid parameters: S3Object needs Bucket and Name")
        return making.size_of(ctx, request) <= _AT_ONCE
    copied = ctx.stores.custom.datasets.get(source["DatasetArn"])
    arn = custom_arn(ctx.settings, copied.resource)
    policy.check(
        ctx.caller, Permission.READ, "rekognition:ListDatasetEntries", arn, account=ctx.settings.account
    )
    if copied.status not in IN_USE:
        raise InvalidParameterException(
            f"Request has invalid parameters: the dataset to copy is {copied.status.value}"
        )
    return copied.total <= _COPIED_AT_ONCE


def _make(ctx: Context, request: Mapping[str, Any], dataset: CustomDataset) -> None:
    try:
        for _ in making.fill(ctx, request, dataset, making.MakingReached()):
            pass
    except ServiceError:
        making.broken_off(ctx, dataset)
        raise


def _leave_to_job(ctx: Context, request: Mapping[str, Any], dataset: CustomDataset) -> None:
    """Raises LimitExceededException while there are as many jobs as may be; no data set is left then."""
    new = NewJob(
        operation=ctx.operation,
        request={**request, "DatasetArn": custom_arn(ctx.settings, dataset.resource)},
        request_id=ctx.request_id,
        caller=ctx.caller,
        case=ctx.case,
        purpose=ctx.purpose,
    )
    datasets = ctx.stores.custom.datasets
    try:
        job = ctx.stores.jobs.start(new, account=ctx.settings.account)
    except ServiceError as error:
        datasets.delete(
            datasets.end(dataset, DatasetStatus.CREATE_FAILED, error.message, DatasetOutcome.SERVICE_ERROR)
        )
        raise
    datasets.give_to_job(dataset, job.job_id)
    ctx.note(job=job.job_id)


_reading = partial(Operation, area=Area.CUSTOM_LABELS, permission=Permission.READ, about=DATASET)
_training = partial(Operation, area=Area.CUSTOM_LABELS, permission=Permission.TRAIN)

OPERATIONS = (
    _training(
        name="CreateDataset",
        run=create_dataset,
        about=PROJECT,
        analysis=making.run,
        rights={"Tags": "tag_resource"},
        notes=("DatasetType", "DatasetSource"),
    ),
    _reading(name="DescribeDataset", run=describe_dataset),
    _training(name="DeleteDataset", run=delete_dataset, about=DATASET),
)
