"""The eight Get operations: how a job stands, and what it found, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from regard.context import Context
from regard.errors import ResourceNotFoundException
from regard.governance.permissions import Permission
from regard.jobs.records import Item, Job, Status
from regard.operations.inputs.pagination import make_job_token, read_job_token
from regard.operations.operation import Area, Operation
from regard.operations.stored_video import stored_analyses
from regard.operations.stored_video.runs import StoredAnalysis
from regard.operations.subjects import JOB
from regard.operations.withholding import MatchPath

_MAX_RESULTS = 1000


def get_celebrity_recognition(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The known people that were recognised in a video, and when."""
    return _get(ctx, request, stored_analyses.CELEBRITIES)


def get_content_moderation(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The unwanted content of a video, by moments or by segments."""
    return _get(ctx, request, stored_analyses.MODERATION)


def get_face_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The faces in a video, and when each was seen."""
    return _get(ctx, request, stored_analyses.FACES)


def get_face_search(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The people in a video, when each was seen, and the faces of the collection that resemble them."""
    return _get(ctx, request, stored_analyses.FACE_SEARCH)


def get_label_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The objects, scenes and concepts of a video, by moments or by segments."""
    return _get(ctx, request, stored_analyses.LABELS)


def get_person_tracking(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The people in a video, and the way each took through it."""
    return _get(ctx, request, stored_analyses.PERSONS)


def get_segment_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The shots and technical cues of a video."""
    return _get(ctx, request, stored_analyses.SEGMENTS)


def get_text_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The lines and words in a video, and when each was seen."""
    return _get(ctx, request, stored_analyses.TEXT)


def _get(ctx: Context, request: dict[str, Any], analysis: StoredAnalysis) -> dict[str, Any]:
    """Raises ResourceNotFoundException and InvalidPaginationTokenException."""
    listing = analysis.listing
    job = job_of(ctx, listing.start)
    sort = request.get("SortBy", listing.default)
    view = request.get("AggregateBy", listing.views[0]) if listing.has_views else ""
    order = f"{sort}/{view}"
    after = read_job_token(job, order, request.get("NextToken"))
    found: Sequence[tuple[int, Item]] = []
    joined: Mapping[str, Mapping[str, Any]] = {}
    limit = min(request.get("MaxResults", _MAX_RESULTS), _MAX_RESULTS)
    if job.status is Status.SUCCEEDED:
        by_key = sort == listing.key
        found = ctx.stores.jobs.items(job, view=view, by_key=by_key, after=after, limit=limit + 1)
        joined = _joined(ctx, job, listing.joined)
    items = (item for _, item in found[:limit])
    listed = listing.answer(
        job.facts, items, lambda key: joined.get(key, {}), sort=sort, view=view, status=job.status
    )
    answer = {**listed.members, listed.lists: list(listed.elements)}
    answer |= {"JobId": job.job_id, "Video": job.request["Video"]}
    if job.tag is not None:
        answer["JobTag"] = job.tag
    if job.status is Status.FAILED:
        answer["StatusMessage"] = job.message
    if len(found) > limit:
        answer["NextToken"] = make_job_token(job, order, found[limit - 1][0])
    return answer


def _joined(ctx: Context, job: Job, view: str | None) -> dict[str, Mapping[str, Any]]:
    """By key, what every item of the key is answered with: kept once, as the matches of a track are."""
    bodies: dict[str, Mapping[str, Any]] = {}
    after: int | None = None
    while view is not None:
        found = ctx.stores.jobs.items(job, view=view, by_key=False, after=after, limit=_MAX_RESULTS)
        bodies |= {item.key: item.body for _, item in found}
        if len(found) < _MAX_RESULTS:
            break
        after = found[-1][0]
    return bodies


def job_of(ctx: Context, start: str) -> Job:
    """The job of a request, when `start` is what started it. Raises ResourceNotFoundException."""
    if ctx.job.operation != start:
        raise ResourceNotFoundException(f"Could not find JobId: {ctx.job.job_id}")
    return ctx.job


MATCHES = MatchPath(("Persons", "FaceMatches"), ("Similarity",))
CELEBRITIES = MatchPath(("Celebrities",), ("Celebrity", "Confidence"))


_answering = partial(Operation, area=Area.STORED_VIDEO, permission=Permission.READ, about=JOB)

OPERATIONS = (
    _answering(name="GetCelebrityRecognition", run=get_celebrity_recognition, shows=CELEBRITIES),
    _answering(name="GetContentModeration", run=get_content_moderation),
    _answering(name="GetFaceDetection", run=get_face_detection),
    _answering(name="GetFaceSearch", run=get_face_search, shows=MATCHES),
    _answering(name="GetLabelDetection", run=get_label_detection),
    _answering(name="GetPersonTracking", run=get_person_tracking),
    _answering(name="GetSegmentDetection", run=get_segment_detection),
    _answering(name="GetTextDetection", run=get_text_detection),
)
