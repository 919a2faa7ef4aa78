"""Counting people in what a finished StartPersonTracking job has found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from regard.context import Context
from regard.errors import InvalidParameterException, ResourceNotReadyException
from regard.governance.permissions import Permission
from regard.jobs.records import Job, Status
from regard.operations.operation import Area, Operation
from regard.operations.subjects import JOB
from regard.video.following.counting import CountingLine, PersonSighting, Visit, count_people, quantiles

_START = "start_person_tracking"
_INTERVAL = 60_000  # ms, where none is asked for
_MAX_INTERVALS = 10_000
_PAGE = 1000  # items that are held at a time
_SHARES = (0.25, 0.5, 0.75, 0.9)


def get_job_counts(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """How many people a video shows over time, who passed a line, and how long each was there.

    `Interval` is in ms; `Line` is x1, y1, x2, y2 in fractions of the frame. Raises ResourceNotFoundException,
    ResourceNotReadyException while the job is under way, and InvalidParameterException.
    """
    job = _ready(ctx.job)
    video = job.facts.get("VideoMetadata") or {}
    duration = int(video.get("DurationMillis", 0))
    interval = _interval(request.get("Interval", _INTERVAL), duration)
    line = _line(request.get("Line"))
    aspect = video.get("FrameWidth", 1) / video.get("FrameHeight", 1)
    counts = count_people(
        _sightings(ctx, job), interval=interval, duration=duration, line=line, aspect=aspect
    )
    answer: dict[str, Any] = {
        "JobId": job.job_id,
        "DurationMillis": duration,
        "Interval": interval,
        "MostAtOnce": counts.at_once,
        "Intervals": [
            {"Start": one.start, "Persons": one.persons, "MostAtOnce": one.at_once}
            | ({} if line is None else {"Entries": one.entries, "Exits": one.exits})
            for one in counts.intervals
        ],
        "Persons": [_person(visit, passes=line is not None) for visit in counts.visits],
    }
    if line is not None:
        answer["Line"] = [line.x1, line.y1, line.x2, line.y2]
        answer["Entries"] = sum(visit.entries for visit in counts.visits)
        answer["Exits"] = sum(visit.exits for visit in counts.visits)
    if counts.visits:
        answer["Dwell"] = _spread([visit.dwell for visit in counts.visits])
        answer["Seen"] = _spread([visit.seen for visit in counts.visits])
    return answer


def _ready(job: Job) -> Job:
    """The job, when it has found people to count."""
    if job.operation != _START:
        raise InvalidParameterException("People are counted in jobs of StartPersonTracking; this is another.")
    if job.status is Status.IN_PROGRESS:
        raise ResourceNotReadyException(
            "The job is still under way; people are counted once it has SUCCEEDED."
        )
    if job.status is Status.FAILED:
        raise InvalidParameterException(
            "The job has FAILED, and keeps nothing in which people could be counted."
        )
    return job


def _interval(interval: int, duration: int) -> int:
    if interval < 1:
        raise InvalidParameterException("The interval must be 1 ms or more.")
    if duration > interval * _MAX_INTERVALS:
        min_interval = math.ceil(duration / _MAX_INTERVALS)
        raise InvalidParameterException(
            f"A video has {_MAX_INTERVALS:,} intervals at most; take {min_interval} ms or more for this one."
        )
    return interval


def _line(ends: Sequence[float] | None) -> CountingLine | None:
    if ends is None:
        return None
    if len(ends) != 4 or not all(0 <= value <= 1 for value in ends):
        raise InvalidParameterException("A line is x1,y1,x2,y2 in fractions of the frame, from 0 to 1.")
    if tuple(ends[:2]) == tuple(ends[2:]):
        raise InvalidParameterException("The two ends of a line are not in one place.")
    return CountingLine(*ends)


def _sightings(ctx: Context, job: Job) -> Iterator[PersonSighting]:
    after: int | None = None
    while found := ctx.stores.jobs.items(job, view="", by_key=False, after=after, limit=_PAGE):
        for _, item in found:
            person = item.body["Person"]
            box = person["BoundingBox"]
            yield PersonSighting(
                item.timestamp, person["Index"], box["Left"], box["Top"], box["Width"], box["Height"]
            )
        after = found[-1][0]


def _person(visit: Visit, *, passes: bool) -> dict[str, int]:
    shape = {"Index": visit.index, "First": visit.first, "Last": visit.last, "Seen": visit.seen}
    return shape | {"Entries": visit.entries, "Exits": visit.exits} if passes else shape


def _spread(values: Sequence[int]) -> dict[str, Any]:
    """ms."""
    return {
        "Mean": round(sum(values) / len(values)),
        "Quantiles": {
            f"{share:g}": round(value)
            for share, value in zip(_SHARES, quantiles(values, _SHARES), strict=True)
        },
        "Longest": max(values),
    }


OPERATIONS = (
    Operation(
        name="GetJobCounts",
        run=get_job_counts,
        area=Area.JOBS,
        permission=Permission.READ,
        about=JOB,
        is_own=True,
    ),
)
