"""Projects and data sets as Rekognition describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.custom.policies import ProjectPolicy
from regard.custom.records import CustomDataset, DatasetLabel, Project, ProjectFeature
from regard.operations.custom_subjects import custom_arn
from regard.operations.shapes.times import moment
from regard.settings import Settings


def described_project(
    project: Project, datasets: Sequence[CustomDataset], settings: Settings
) -> dict[str, Any]:
    """Feature and AutoUpdate are those of an adapter's project alone, as Amazon has it."""
    described: dict[str, Any] = {
        "ProjectArn": custom_arn(settings, project.resource),
        "CreationTimestamp": moment(project.created),
        "Status": "CREATED",
        "Datasets": [_listed_dataset(one, settings) for one in datasets],
    }
    if project.feature is not ProjectFeature.CUSTOM_LABELS:
        described["Feature"] = project.feature.value
        described["AutoUpdate"] = "ENABLED" if project.auto_update else "DISABLED"
    return described


def described_dataset(dataset: CustomDataset) -> dict[str, Any]:
    return {
        "CreationTimestamp": moment(dataset.created),
        "LastUpdatedTimestamp": moment(dataset.updated),
        "Status": dataset.status.value,
        "StatusMessage": dataset.message,
        "StatusMessageCode": dataset.code.value,
        "DatasetStats": {
            "LabeledEntries": dataset.labelled,
            "TotalEntries": dataset.total,
            "TotalLabels": dataset.labels,
            "ErrorEntries": dataset.with_errors,
        },
    }


def described_label(label: DatasetLabel) -> dict[str, Any]:
    stats = {"EntryCount": label.entries, "BoundingBoxCount": label.boxed}
    return {"LabelName": label.name, "LabelStats": stats}


def described_policy(policy: ProjectPolicy, project: Project, settings: Settings) -> dict[str, Any]:
    return {
        "ProjectArn": custom_arn(settings, project.resource),
        "PolicyName": policy.name,
        "PolicyRevisionId": policy.revision,
        "PolicyDocument": policy.document,
        "CreationTimestamp": moment(policy.created),
        "LastUpdatedTimestamp": moment(policy.updated),
    }


def _listed_dataset(dataset: CustomDataset, settings: Settings) -> dict[str, Any]:
    return {
        "CreationTimestamp": moment(dataset.created),
        "DatasetType": dataset.type.value,
        "DatasetArn": custom_arn(settings, dataset.resource),
        "Status": dataset.status.value,
        "StatusMessage": dataset.message,
        "StatusMessageCode": dataset.code.value,
    }
