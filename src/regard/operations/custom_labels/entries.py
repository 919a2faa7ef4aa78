"""UpdateDatasetEntries, DistributeDatasetEntries, ListDatasetEntries, ListDatasetLabels."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import Any, Final

from regard.context import Context
from regard.custom.distribution import distribute
from regard.custom.entries import EntriesRefused, EntryFilter
from regard.custom.manifests.entry import ManifestLine
from regard.custom.manifests.reading import read_manifest
from regard.custom.records import (
    CHANGEABLE,
    IN_USE,
    CustomDataset,
    DatasetOutcome,
    DatasetStatus,
    DatasetType,
)
from regard.errors import InvalidParameterException, ResourceNotReadyException, ServiceError
from regard.governance import policy
from regard.governance.permissions import Permission
from regard.operations.custom_labels.making import EMPTY, TOO_MANY_ERRORS
from regard.operations.custom_subjects import custom_arn
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Operation
from regard.operations.shapes.custom_labels import described_label
from regard.operations.subjects import DATASET, TRAINING_DATASET

_MAX_RESULTS: Final = 100
_FAILED: Final = "The entries could not be written. Send the changes again."


def update_dataset_entries(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Adds entries to a data set, or replaces those of the same pictures: all of them, or none."""
    read = [line for _, line in read_manifest(BytesIO(request["Changes"]["GroundTruth"]))]
    lines = [line for line in read if isinstance(line, ManifestLine)]
    stores = ctx.stores.custom
    held = stores.datasets.begin_update(ctx.dataset)
    if not lines:
        useless = TOO_MANY_ERRORS if read else EMPTY
        stores.datasets.end(held, DatasetStatus.UPDATE_FAILED, useless, DatasetOutcome.CLIENT_ERROR)
        return {}
    try:
        left = stores.entries.write(held, lines, replaces=True)
    except EntriesRefused as error:
        stores.datasets.end(held, DatasetStatus.UPDATE_FAILED, str(error), DatasetOutcome.CLIENT_ERROR)
        return {}
    except ServiceError:
        stores.datasets.end(held, DatasetStatus.UPDATE_FAILED, _FAILED, DatasetOutcome.SERVICE_ERROR)
        raise
    stores.datasets.end(held, DatasetStatus.UPDATE_COMPLETE)
    ctx.note(kept=len(lines) - len(left), left_out=len(read) - len(lines) + len(left))
    return {}


def distribute_dataset_entries(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Moves a fifth of the entries of a training set into the project's empty test set, label by label."""
    datasets = [ctx.stores.custom.datasets.get(one["Arn"]) for one in request["Datasets"]]
    for one in datasets:
        policy.check(
            ctx.caller,
            Permission.TRAIN,
            "rekognition:DistributeDatasetEntries",
            custom_arn(ctx.settings, one.resource),
            account=ctx.settings.account,
        )
    by_type = {one.type: one for one in datasets}
    if len(by_type) < 2 or len({one.project for one in datasets}) > 1:
        raise InvalidParameterException(
            "Request has invalid parameters: Datasets are the training set and the test set of one project"
        )
    train, test = by_type[DatasetType.TRAIN], by_type[DatasetType.TEST]
    for one in datasets:
        if one.status not in CHANGEABLE:
            raise _not_ready(one)
    if test.total:
        raise InvalidParameterException("Request has invalid parameters: the test dataset is not empty")
    distribute(ctx.stores.custom.datasets, train, test, seed=train.resource)
    return {}


def list_dataset_entries(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The entries of a data set in the order they came, a page at a time, with what is wrong with each."""
    dataset = _readable(ctx)
    labels = request.get("ContainsLabels")
    wanted = EntryFilter(
        labels=None if labels is None else tuple(labels),
        is_labelled=request.get("Labeled"),
        source_ref_contains=request.get("SourceRefContains"),
        has_error=request.get("HasErrors"),
    )
    listing, limit = f"{dataset.resource}/{wanted.digest}", request.get("MaxResults", _MAX_RESULTS)
    after = read_token(listing, request.get("NextToken"))
    found = ctx.stores.custom.entries.page(dataset, wanted, after=after, limit=limit + 1)
    token = {"NextToken": make_token(listing, found[limit - 1][0])} if len(found) > limit else {}
    return {"DatasetEntries": [content for _, content in found[:limit]], **token}


def list_dataset_labels(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The labels of a data set in the order of their first appearance, and how many entries have each."""
    dataset = _readable(ctx)
    listing, limit = f"{dataset.resource}/labels", request.get("MaxResults", _MAX_RESULTS)
    after = read_token(listing, request.get("NextToken"))
    found = ctx.stores.custom.entries.labels(dataset, after=after, limit=limit + 1)
    token = {"NextToken": make_token(listing, found[limit - 1].row)} if len(found) > limit else {}
    return {"DatasetLabelDescriptions": [described_label(one) for one in found[:limit]], **token}


def _readable(ctx: Context) -> CustomDataset:
    """Raises ResourceNotReadyException for a data set that is or couldn't be made, or is being deleted."""
    if ctx.dataset.status not in IN_USE:
        raise _not_ready(ctx.dataset)
    return ctx.dataset


def _not_ready(dataset: CustomDataset) -> ResourceNotReadyException:
    return ResourceNotReadyException(f"The dataset is {dataset.status.value}.")


_reading = partial(Operation, area=Area.CUSTOM_LABELS, permission=Permission.READ, about=DATASET)
_training = partial(Operation, area=Area.CUSTOM_LABELS, permission=Permission.TRAIN)

OPERATIONS = (
    _training(name="UpdateDatasetEntries", run=update_dataset_entries, about=DATASET),
    _training(name="DistributeDatasetEntries", run=distribute_dataset_entries, about=TRAINING_DATASET),
    _reading(name="ListDatasetEntries", run=list_dataset_entries),
    _reading(name="ListDatasetLabels", run=list_dataset_labels),
)
