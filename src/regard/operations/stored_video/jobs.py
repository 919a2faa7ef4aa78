"""Regard's own operations on jobs, which Rekognition doesn't have: how far they are, and how to stop one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.jobs.records import Job, Status
from regard.notifications.message import api_name
from regard.operations.inputs.pagination import make_token, read_token
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment
from regard.operations.subjects import JOB

_JOBS = 100
_LISTING = "jobs"


def list_jobs(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The jobs, the newest first."""
    limit = min(request.get("MaxResults", _JOBS), _JOBS)
    before = read_token(_LISTING, request.get("NextToken")) or None
    found = ctx.stores.jobs.page(before=before, limit=limit + 1)
    answer: dict[str, Any] = {"Jobs": [_shape(job) for job in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = make_token(_LISTING, found[limit - 1].row)
    return answer


def get_job(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """How far a job is, and who was told of its end."""
    return _described(ctx, ctx.job)


def cancel_job(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Ends a job at once, as FAILED; one that has ended already stays as it is."""
    cancelled = ctx.stores.jobs.cancel(ctx.job)
    ended = ctx.stores.jobs.find(ctx.job.job_id) or ctx.job
    if cancelled:
        ctx.meter.cancel(replace(ended, state=ctx.job.state))  # which ends with the job
    return _described(ctx, ended)


def _described(ctx: Context, job: Job) -> dict[str, Any]:
    answer = _shape(job)
    notice = ctx.stores.notices.state(job)
    if notice is not None:
        channel, attempts, delivered, failure = notice
        answer["Notification"] = {
            "Channel": channel,
            "Attempts": attempts,
            "Delivered": None if delivered is None else moment(delivered),
        }
        if failure is not None:
            answer["Notification"]["Failure"] = failure
    return {"Job": answer}


def _shape(job: Job) -> dict[str, Any]:
    shape = {
        "JobId": job.job_id,
        "API": api_name(job),
        "JobStatus": job.status.value,
        "StatusMessage": job.message,
        "Progress": round(job.progress, 4),
        "Running": job.holder is not None,
        "Results": 0 if job.status is Status.FAILED else job.found,
        "JobTag": job.tag,
        "JobName": job.request.get("JobName"),
        "Video": job.request.get("Video"),
        "Input": job.request.get("Input"),
        "ProjectArn": job.request.get("ProjectArn"),
        "VersionName": job.request.get("VersionName"),
        "CollectionId": job.collection_id,
        "Key": job.caller.key_id,
        "Name": job.caller.name,
        "Purpose": job.purpose,
        "Threshold": job.threshold,
        "Case": job.case,
        "Created": moment(job.created),
        "Finished": None if job.finished is None else moment(job.finished),
        "Expires": None if job.expires is None else moment(job.expires),
    }
    return {name: value for name, value in shape.items() if value is not None}


OPERATIONS = (
    Operation(
        name="ListJobs",
        run=list_jobs,
        area=Area.JOBS,
        permission=Permission.READ,
        is_own=True,
    ),
    Operation(
        name="GetJob",
        run=get_job,
        area=Area.JOBS,
        permission=Permission.READ,
        about=JOB,
        is_own=True,
    ),
    Operation(
        name="CancelJob",
        run=cancel_job,
        area=Area.JOBS,
        permission=Permission.START_JOBS,
        about=JOB,
        is_own=True,
    ),
)
