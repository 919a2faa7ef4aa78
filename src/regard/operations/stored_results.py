"""The eight Get operations: how a job stands, and what it found, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regard.context import Context
from regard.errors import ResourceNotFoundException
from regard.jobs.records import Job, Status
from regard.operations.pagination import make_job_token, read_job_token
from regard.operations.video.faces import MATCHES
from regard.operations.video.tracked import key_of

_MOST_RESULTS = 1000
_BY_TIME = "TIMESTAMP"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a Get operation answers: results of which Start operation, listed under which name, in which
    order.

    `key` is the SortBy that sorts by the items' keys. `has_views` says that AggregateBy chooses among views.
    `joined`: the view whose one item of a key belongs to every item that is listed under that key.
    """

    start: str
    lists: str
    key: str | None = None
    has_views: bool = False
    default: str = _BY_TIME
    joined: str | None = None


KINDS: Mapping[str, Kind] = {
    "get_celebrity_recognition": Kind("start_celebrity_recognition", "Celebrities", "ID"),
    "get_content_moderation": Kind("start_content_moderation", "ModerationLabels", "NAME", has_views=True),
    "get_face_detection": Kind("start_face_detection", "Faces"),
    "get_face_search": Kind("start_face_search", "Persons", "INDEX", joined=MATCHES),
    "get_label_detection": Kind("start_label_detection", "Labels", "NAME", has_views=True),
    "get_person_tracking": Kind("start_person_tracking", "Persons", "INDEX"),
    # Sorted by type, in the order in which the request named them: an item's key is the type's place there.
    "get_segment_detection": Kind("start_segment_detection", "Segments", "TYPE", default="TYPE"),
    "get_text_detection": Kind("start_text_detection", "TextDetections"),
}


def get_celebrity_recognition(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The known people that were recognised in a video, and when."""
    return _get(ctx, request)


def get_content_moderation(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The unwanted content of a video, by moments or by segments."""
    return _get(ctx, request)


def get_face_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The faces in a video, and when each was seen."""
    return _get(ctx, request)


def get_face_search(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The people in a video, when each was seen, and the faces of the collection that resemble them."""
    return _get(ctx, request)


def get_label_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The objects, scenes and concepts of a video, by moments or by segments."""
    return _get(ctx, request)


def get_person_tracking(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The people in a video, and the way each took through it."""
    return _get(ctx, request)


def get_segment_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The shots and technical cues of a video."""
    return _get(ctx, request)


def get_text_detection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The lines and words in a video, and when each was seen."""
    return _get(ctx, request)


def _get(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Raises ResourceNotFoundException and InvalidPaginationTokenException."""
    kind = KINDS[ctx.operation]
    job = ctx.stores.jobs.find(request["JobId"])
    if job is None or job.operation != kind.start:
        raise ResourceNotFoundException(f"Could not find JobId: {request['JobId']}")
    sort = request.get("SortBy", kind.default)
    view = request.get("AggregateBy", "TIMESTAMPS") if kind.has_views else ""
    order = f"{sort}/{view}"
    after = read_job_token(job, order, request.get("NextToken"))
    answer: dict[str, Any] = {"JobStatus": job.status.value, **job.facts, kind.lists: []}
    answer |= {"JobId": job.job_id, "Video": job.request["Video"]}
    if job.tag is not None:
        answer["JobTag"] = job.tag
    if kind.has_views:
        answer["GetRequestMetadata"] = {"SortBy": sort, "AggregateBy": view}
    if job.status is Status.FAILED:
        answer["StatusMessage"] = job.message
    if job.status is Status.SUCCEEDED:
        most = min(request.get("MaxResults", _MOST_RESULTS), _MOST_RESULTS)
        answer |= _page(ctx, job, kind, sort=sort, view=view, after=after, most=most)
    return answer


def _page(
    ctx: Context, job: Job, kind: Kind, *, sort: str, view: str, after: int | None, most: int
) -> dict[str, Any]:
    by_key = sort == kind.key
    found = ctx.stores.jobs.items(job, view=view, by_key=by_key, after=after, limit=most + 1)
    bodies = [item.body for _, item in found[:most]]
    if kind.joined is not None:
        bodies = _with_matches(ctx, job, bodies)
    page: dict[str, Any] = {kind.lists: bodies}
    if len(found) > most:
        page["NextToken"] = make_job_token(job, f"{sort}/{view}", found[most - 1][0])
    return page


def _with_matches(ctx: Context, job: Job, persons: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Moments of people, with what their tracks resemble, which is kept once for all moments of a track."""
    matches: dict[str, Any] = {}
    after: int | None = None
    while True:
        found = ctx.stores.jobs.items(job, view=MATCHES, by_key=False, after=after, limit=_MOST_RESULTS)
        matches |= {item.key: item.body["FaceMatches"] for _, item in found}
        if len(found) < _MOST_RESULTS:
            break
        after = found[-1][0]
    return [
        {**person, "FaceMatches": matches[key]}
        if (key := key_of(person["Person"]["Index"])) in matches
        else person
        for person in persons
    ]
