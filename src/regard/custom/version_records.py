"""What is known of a version of a project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import RowMapping

from regard.caller import Caller
from regard.custom.output_names import OUTPUT_NAME
from regard.custom.records import ProjectFeature
from regard.jobs.records import keep_caller, read_kept_caller


class VersionStatus(StrEnum):
    """As Rekognition has it. What Rekognition passes through for a moment is answered, and never kept."""

    TRAINING_IN_PROGRESS = "TRAINING_IN_PROGRESS"
    TRAINING_COMPLETED = "TRAINING_COMPLETED"
    TRAINING_FAILED = "TRAINING_FAILED"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    COPYING_IN_PROGRESS = "COPYING_IN_PROGRESS"
    COPYING_COMPLETED = "COPYING_COMPLETED"
    COPYING_FAILED = "COPYING_FAILED"


STARTABLE: Final = (
    VersionStatus.TRAINING_COMPLETED,
    VersionStatus.STOPPED,
    VersionStatus.COPYING_COMPLETED,
)
"""What can be started."""
MADE: Final = (VersionStatus.TRAINING_IN_PROGRESS, VersionStatus.COPYING_IN_PROGRESS)
"""What a job is at."""

READY: Final = "The model is ready to run."
"""Rekognition's own words, which clients match."""
RETRAINING_FAILED: Final = "The automatic retraining failed:"
"""Before why it has, in the message of a version that is kept as it was."""
BASES: Final = "Bases"
"""Member of a kept request: the bases that an adapter was trained for, or was to be, by their digests."""
MESSAGES: Final[Mapping[VersionStatus, str]] = {
    VersionStatus.TRAINING_IN_PROGRESS: "The training waits for a worker.",
    VersionStatus.TRAINING_COMPLETED: READY,
    VersionStatus.RUNNING: "The model is running.",
    VersionStatus.STOPPED: "The model is stopped.",
    VersionStatus.COPYING_IN_PROGRESS: "The model is being copied.",
    VersionStatus.COPYING_COMPLETED: READY,
}
"""What is said of a version whose status says it all."""


@dataclass(frozen=True, slots=True)
class BucketObject:
    """An object in a bucket."""

    bucket: str
    name: str


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that is to be made.

    `resource` is its ARN behind the account, `project` the row of its project. `request` is the request that
    makes it. `status` is that of what a job is at. `source_arn` is the version that it is a copy of.
    """

    resource: str
    project: int
    name: str
    created: int
    caller: Caller
    request: Mapping[str, Any]
    status: VersionStatus = VersionStatus.TRAINING_IN_PROGRESS
    source_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a training or a copy has made.

    `training` and `testing` are the version's TrainingDataResult and TestingDataResult. `model` is the digest
    of the model, `backbone` that of the network whose features it reads, of an adapter that of its base.
    `billable_ms`: milliseconds of work, None of a copy. `f1` is from 0 to 1. `summary` and `manifest_summary`
    are None where a copy's source has lost them. `ended` is when a copy's source was trained, in milliseconds
    since the epoch; else it is now. `message` is what is said of the version, where its status doesn't say it
    all.
    """

    training: Mapping[str, Any]
    testing: Mapping[str, Any]
    f1: float
    summary: BucketObject | None
    manifest_summary: BucketObject | None
    use_case: str
    model: str
    backbone: str
    billable_ms: int | None
    ended: int | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectVersion:
    """A version of a project as the database has it. Times are milliseconds since the epoch.

    `created_by` and `started_by` are whoever made and started it, as they were then. `counted` is up to when
    its running is part of the usage, `asked` when it was last started or asked, to some
    minutes. What a job has still to make is None.
    """

    row: int
    resource: str
    project: int
    name: str
    created: int
    created_by: Caller
    status: VersionStatus
    message: str
    request: dict[str, Any] = field(repr=False)
    job_id: str
    ended: int | None
    billable_ms: int | None
    training: dict[str, Any] | None
    testing: dict[str, Any] | None
    f1: float | None
    summary: BucketObject | None
    manifest_summary: BucketObject | None
    use_case: str | None
    model: str | None
    backbone: str | None
    source_arn: str | None
    min_units: int | None
    max_units: int | None
    started: int | None
    started_by: Caller | None
    counted: int | None
    asked: int | None

    @property
    def is_adapter(self) -> bool:
        """Whether it corrects the labels of moderation; else it has labels of its own."""
        return self.request.get("Feature") == ProjectFeature.CONTENT_MODERATION

    @property
    def is_retrained(self) -> bool:
        """Whether a job is at it that trains it anew: it has a model of before, whose base is another."""
        return self.status is VersionStatus.TRAINING_IN_PROGRESS and self.model is not None

    @property
    def bases(self) -> frozenset[str]:
        """The bases that it was trained for, or was to be."""
        return frozenset(self.request.get(BASES, ())) | ({self.backbone} if self.backbone else frozenset())

    @property
    def project_name(self) -> str:
        return self.resource.split("/")[1]


def read_version(row: RowMapping) -> ProjectVersion:
    """A version from its row."""
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    for name in ("request", "training", "testing"):
        values[name] = None if values[name] is None else json.loads(values[name])
    for name in ("summary", "manifest_summary"):
        values[name] = None if values[name] is None else BucketObject(*json.loads(values[name]))
    for name in ("created_by", "started_by"):
        values[name] = None if values[name] is None else read_kept_caller(values[name])
    return ProjectVersion(**(values | {"status": VersionStatus(values["status"])}))


def row_of_new(new: NewVersion, job_id: str, name: str) -> dict[str, Any]:
    """The row of a new version, which that job makes, and whose objects in its bucket have `name`."""
    return {
        "resource": new.resource,
        "project": new.project,
        "name": new.name,
        "created": new.created,
        "created_by": keep_caller(new.caller),
        "status": new.status.value,
        "message": MESSAGES[new.status],
        "request": json.dumps({**new.request, OUTPUT_NAME: name}),
        "job_id": job_id,
        "source_arn": new.source_arn,
    }


def columns_of(made: Made) -> dict[str, Any]:
    """What a training or a copy changes in a row."""
    return {
        "training": json.dumps(made.training),
        "testing": json.dumps(made.testing),
        "f1": made.f1,
        "summary": write_object(made.summary),
        "manifest_summary": write_object(made.manifest_summary),
        "use_case": made.use_case,
        "model": made.model,
        "backbone": made.backbone,
        "billable_ms": made.billable_ms,
    }


def write_object(one: BucketObject | None) -> str | None:
    """A place as its column has it."""
    return None if one is None else json.dumps([one.bucket, one.name])
