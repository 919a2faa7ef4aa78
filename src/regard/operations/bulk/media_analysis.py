"""Bulk analysis: the pictures of a manifest, and JSON lines of what was found in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.permissions import Permission
from regard.jobs.records import Job, Status
from regard.operations.bulk.media_analysis_run import images_done, output_of, run
from regard.operations.inputs.manifests import open_manifest
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Bill, Operation
from regard.operations.pictures.moderation_adapters import MODERATE_MANY, find_adapter
from regard.operations.shapes.times import moment
from regard.operations.stored_video.results import job_of
from regard.operations.stored_video.starts import start_job
from regard.operations.subjects import JOB
from regard.storage.buckets.objects import NotWritten

START = "start_media_analysis_job"
_LISTING = "media analysis jobs"
_JOBS = 100
_ECHOED = ("JobName", "OperationsConfig", "Input", "OutputConfig", "KmsKeyId")

_FAILURES: Mapping[str | None, str] = {
    "AccessDeniedException": "ACCESS_DENIED",
    "InvalidKmsKeyException": "INVALID_KMS_KEY",
    "InvalidManifestException": "INVALID_MANIFEST",
    "InvalidOutputConfigException": "INVALID_OUTPUT_CONFIG",
    "InvalidS3ObjectException": "INVALID_S3_OBJECT",
    "ResourceNotFoundException": "RESOURCE_NOT_FOUND",
    "ResourceNotReadyException": "RESOURCE_NOT_READY",
    "ThrottlingException": "THROTTLED",
}


def start_media_analysis_job(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to moderate the images that a manifest names; what is found is written into a bucket."""
    return start_job(ctx, request, lambda: _check(ctx, request))


def get_media_analysis_job(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """How a bulk analysis stands, and where its results are."""
    return _shape(job_of(ctx, START))


def list_media_analysis_jobs(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The bulk analyses, the newest first."""
    limit = request.get("MaxResults", _JOBS)
    before = read_token(_LISTING, request.get("NextToken")) or None
    found = ctx.stores.jobs.page(before=before, limit=limit + 1, operation=START)
    answer: dict[str, Any] = {"MediaAnalysisJobs": [_shape(job) for job in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = make_token(_LISTING, found[limit - 1].row)
    return answer


def _check(ctx: Context, request: dict[str, Any]) -> None:
    """Raises what the client should hear at once rather than read in the job's FailureDetails."""
    config = request["OperationsConfig"].get("DetectModerationLabels")
    if config is None:
        raise InvalidParameterException(
            "Request has invalid parameters: OperationsConfig names no operation; DetectModerationLabels is "
            "the one there is"
        )
    find_adapter(ctx, config.get("ProjectVersion"), MODERATE_MANY)
    bucket, key = output_of(request, "JOB")
    try:
        ctx.stores.objects.check_output(bucket, key, kms_key=request.get("KmsKeyId"))
    except NotWritten as error:
        raise InvalidParameterException(f"Request has invalid parameters: {error}") from error
    with open_manifest(ctx, request):
        pass


def _shape(job: Job) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "JobId": job.job_id,
        "Status": _status(job),
        "CreationTimestamp": moment(job.created),
    }
    shape |= {name: job.request[name] for name in _ECHOED if name in job.request}
    if job.finished is not None:
        shape["CompletionTimestamp"] = moment(job.finished)
    if job.status is Status.SUCCEEDED:
        shape |= job.facts  # Results and ManifestSummary
    if job.status is Status.FAILED:
        details = {"Message": job.message}
        if job.cancelled is None:  # no code says that somebody wanted it so
            details["Code"] = _FAILURES.get(job.failure, "INTERNAL_ERROR")
        shape["FailureDetails"] = details
    return shape


def _status(job: Job) -> str:
    waits = job.status is Status.IN_PROGRESS and job.fence == 0
    return "QUEUED" if waits else job.status.value


OPERATIONS = (
    Operation(
        name="StartMediaAnalysisJob",
        run=start_media_analysis_job,
        area=Area.BULK,
        permission=Permission.START_JOBS,
        bills=Bill.IMAGE_2,
        measure=images_done,
        analysis=run,
    ),
    Operation(
        name="GetMediaAnalysisJob",
        run=get_media_analysis_job,
        area=Area.BULK,
        permission=Permission.READ,
        about=JOB,
    ),
    Operation(
        name="ListMediaAnalysisJobs",
        run=list_media_analysis_jobs,
        area=Area.BULK,
        permission=Permission.READ,
    ),
)
