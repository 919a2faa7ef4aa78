"""The eight Start operations: each leaves a job, which a worker runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.governance.purpose import CELEBRITY, FACE_MATCH
from regard.jobs.records import NewJob
from regard.notifications.channel import check_channel
from regard.operations.inputs.regions import corners_of
from regard.operations.inputs.videos import check_video
from regard.operations.operation import Area, Bill, Operation
from regard.operations.pictures.labels import Filters
from regard.operations.stored_video import stored_analyses
from regard.operations.stored_video.results import CELEBRITIES, MATCHES
from regard.operations.stored_video.runs import milliseconds_done
from regard.operations.subjects import COLLECTION


def start_celebrity_recognition(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to find known people in a video."""
    return _start(ctx, request)


def start_content_moderation(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to find unwanted content in a video."""
    return _start(ctx, request)


def start_face_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to find faces in a video."""
    return _start(ctx, request)


def start_face_search(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to find a collection's people in a video."""
    _ = ctx.face_model.embedder  # raises where vectors of a video can't be compared with the collection's
    return _start(ctx, request)


def start_label_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to find objects, scenes and concepts in a video."""
    wanted = (request.get("Settings") or {}).get("GeneralLabels") or {}
    Filters.read(wanted, ctx.models.labels.taxonomy)
    return _start(ctx, request)


def start_person_tracking(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to follow people through a video."""
    return _start(ctx, request)


def start_segment_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to cut a video into shots and technical cues."""
    return _start(ctx, request)


def start_text_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Starts to read the text in a video."""
    for region in (request.get("Filters") or {}).get("RegionsOfInterest") or []:
        corners_of(region)
    return _start(ctx, request)


def _start(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Raises, beside what `start_job` and the video raise, InvalidParameterException for a channel that can't
    be told."""

    def check() -> None:
        if "NotificationChannel" in request:
            channel = request["NotificationChannel"]["SNSTopicArn"]
            check_channel(channel, ctx.settings, ctx.caller.key_id)
        check_video(ctx, request)

    return start_job(ctx, request, check)


def start_job(ctx: Context, request: dict[str, Any], check: Callable[[], None]) -> dict[str, Any]:
    """The id of the job; of the one that was started before, where a ClientRequestToken comes again.

    `check` raises what is wrong with a request that starts one. Raises LimitExceededException and
    IdempotentParameterMismatchException.
    """
    new = NewJob(
        operation=ctx.operation,
        request=request,
        request_id=ctx.request_id,
        caller=ctx.caller,
        case=ctx.case,
        collection_id=ctx.subject.collection_id,
        purpose=ctx.purpose,
        threshold=ctx.threshold or None,
        authorization_id=None if ctx.grant is None else ctx.grant.authorization_id,
    )
    job = ctx.stores.jobs.earlier(new)
    if job is None:
        check()
        job = ctx.stores.jobs.start(new, account=ctx.settings.account)
    return {"JobId": job.job_id}


_starting = partial(
    Operation,
    area=Area.STORED_VIDEO,
    permission=Permission.START_JOBS,
    bills=Bill.VIDEO_MS,
    measure=milliseconds_done,
)

OPERATIONS = (
    _starting(
        name="StartCelebrityRecognition",
        run=start_celebrity_recognition,
        matches=CELEBRITY,
        shows=CELEBRITIES,
        analysis=stored_analyses.CELEBRITIES,
    ),
    _starting(
        name="StartContentModeration", run=start_content_moderation, analysis=stored_analyses.MODERATION
    ),
    _starting(name="StartFaceDetection", run=start_face_detection, analysis=stored_analyses.FACES),
    _starting(
        name="StartFaceSearch",
        run=start_face_search,
        about=COLLECTION,
        matches=FACE_MATCH,
        shows=MATCHES,
        analysis=stored_analyses.FACE_SEARCH,
    ),
    _starting(name="StartLabelDetection", run=start_label_detection, analysis=stored_analyses.LABELS),
    _starting(name="StartPersonTracking", run=start_person_tracking, analysis=stored_analyses.PERSONS),
    _starting(
        name="StartSegmentDetection",
        run=start_segment_detection,
        analysis=stored_analyses.SEGMENTS,
        bills=Bill.SEGMENT_MS,
    ),
    _starting(name="StartTextDetection", run=start_text_detection, analysis=stored_analyses.TEXT),
)
