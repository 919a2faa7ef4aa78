"""ProjectVersionDescription."""

from __future__ import annotations

from typing import Any

from regard.custom.version_records import MADE, BucketObject, ProjectVersion
from regard.jobs.records import Job
from regard.operations.custom_subjects import custom_arn
from regard.operations.shapes.times import moment
from regard.settings import Settings

_ECHOED = ("OutputConfig", "KmsKeyId", "VersionDescription")


def described_version(version: ProjectVersion, job: Job | None, settings: Settings) -> dict[str, Any]:
    """A version as DescribeProjectVersions answers it. `job` is what makes it, as long as it is known.

    StatusMessage is always there: the guide's samples index it.
    """
    shape: dict[str, Any] = {
        "ProjectVersionArn": custom_arn(settings, version.resource),
        "CreationTimestamp": moment(version.created),
        "Status": version.status.value,
        "StatusMessage": _message(version, job),
    }
    shape |= {name: version.request[name] for name in _ECHOED if name in version.request}
    if version.ended is not None:
        shape["TrainingEndTimestamp"] = moment(version.ended)
    if version.billable_ms is not None:
        shape["BillableTrainingTimeInSeconds"] = -(-version.billable_ms // 1000)
    if version.source_arn is not None:
        shape["SourceProjectVersionArn"] = version.source_arn
    shape |= {
        name: value
        for name, value in (
            ("TrainingDataResult", version.training),
            ("TestingDataResult", version.testing),
            ("MinInferenceUnits", version.min_units),
            ("MaxInferenceUnits", version.max_units),
        )
        if value is not None
    }
    if version.f1 is not None:
        place = {} if version.summary is None else {"Summary": _place(version.summary)}
        shape["EvaluationResult"] = {"F1Score": version.f1, **place}
    if version.manifest_summary is not None:
        shape["ManifestSummary"] = _place(version.manifest_summary)
    return shape


def _message(version: ProjectVersion, job: Job | None) -> str:
    """How far it has come, while a job is at it."""
    if version.status in MADE and job is not None:
        return str(job.facts.get("StatusMessage", version.message))
    return version.message


def _place(one: BucketObject) -> dict[str, Any]:
    return {"S3Object": {"Bucket": one.bucket, "Name": one.name}}
