"""ProjectVersionDescription."""

from __future__ import annotations

from typing import Any

from regard.custom.version_records import MADE, RETRAINING_FAILED, BucketObject, ProjectVersion
from regard.jobs.records import Job
from regard.operations.custom_subjects import custom_arn
from regard.operations.pictures.moderation_taxonomy import MIN_CONFIDENCE, VERSION
from regard.operations.shapes.times import moment
from regard.settings import Settings

_EXPIRED = "EXPIRED"
_TRAIN_AGAIN = "The base model is another than the adapter was trained for. Train it again."
_ECHOED = ("OutputConfig", "KmsKeyId", "VersionDescription")


def described_version(
    version: ProjectVersion, job: Job | None, settings: Settings, *, expired: bool = False
) -> dict[str, Any]:
    """A version as DescribeProjectVersions answers it. `job` is what makes it, as long as it is known.
    `expired`: an adapter whose base is another by now.

    StatusMessage is always there: the guide's samples index it.
    """
    shape: dict[str, Any] = {
        "ProjectVersionArn": custom_arn(settings, version.resource),
        "CreationTimestamp": moment(version.created),
        "Status": _EXPIRED if expired else version.status.value,
        "StatusMessage": _expired_message(version) if expired else _message(version, job),
    }
    shape |= {name: version.request[name] for name in _ECHOED if name in version.request}
    if version.is_adapter:
        shape |= {"Feature": version.request["Feature"], "FeatureConfig": feature_config(version)}
        if version.backbone is not None:
            shape["BaseModelVersion"] = base_version(version.backbone)
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


def feature_config(version: ProjectVersion) -> dict[str, Any]:
    """FeatureConfig of an adapter, with the threshold that it is trained for."""
    return {"ContentModeration": {"ConfidenceThreshold": threshold_of(version)}}


def threshold_of(version: ProjectVersion) -> float:
    """The confidence, percent, from which on an adapter's base is taken to say a label."""
    given = (version.request.get("FeatureConfig") or {}).get("ContentModeration") or {}
    return float(given.get("ConfidenceThreshold", MIN_CONFIDENCE))


def base_version(digest: str) -> str:
    """What an adapter's base model is called: the taxonomy's version and the networks' digest."""
    return f"{VERSION}-{digest[:12]}"


def _message(version: ProjectVersion, job: Job | None) -> str:
    """How far it has come, while a job is at it."""
    if version.status in MADE and job is not None:
        return str(job.facts.get("StatusMessage", version.message))
    return version.message


def _expired_message(version: ProjectVersion) -> str:
    return (
        f"{_TRAIN_AGAIN} {version.message}" if version.message.startswith(RETRAINING_FAILED) else _TRAIN_AGAIN
    )


def _place(one: BucketObject) -> dict[str, Any]:
    return {"S3Object": {"Bucket": one.bucket, "Name": one.name}}
