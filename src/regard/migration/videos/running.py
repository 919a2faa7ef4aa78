"""Jobs on films at two services, and what each comes to."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from regard.errors import RegardError
from regard.migration.source import MigrationSource
from regard.migration.videos.analyses import ANALYSES, FilmAnalysis
from regard.migration.videos.records import FilmAddress, FilmComparison, FilmJob

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 15.0  # seconds between two questions, ever longer
_PAGE: Final = 1000


def compare_films(
    films: Sequence[FilmAddress],
    analyses: Sequence[str],
    theirs: MigrationSource,
    ours: MigrationSource,
    *,
    seconds: float,
    wait: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[FilmComparison]:
    """Each analysis of each film, film by film: at both services all of a film's are started, then awaited,
    for `seconds` at most. Nothing is written to either but the jobs.

    What one service refuses, or doesn't finish in time, is a failure of that job and ends nothing else.
    """
    for film in films:
        begun = clock()
        started = {
            (name, side): _start(side, ANALYSES[name], film) for name in analyses for side in (theirs, ours)
        }
        done: dict[tuple[str, MigrationSource], FilmJob] = {}
        pause = _FIRST_WAIT
        while len(done) < len(started):
            for key, job in started.items():
                if key not in done:
                    found = _come_to(key[1], ANALYSES[key[0]], job, clock() - begun, seconds)
                    if found is not None:
                        done[key] = found
            if len(done) < len(started):
                wait(pause)
                pause = min(pause * 1.5, _LONGEST_WAIT)
        for name in analyses:
            there, here = done[name, theirs], done[name, ours]
            both = there.failure is None and here.failure is None
            compared = ANALYSES[name].compare(there.items, here.items) if both else {}
            yield FilmComparison(str(film), name, there, here, compared)


def _start(side: MigrationSource, analysis: FilmAnalysis, film: FilmAddress) -> str | FilmJob:
    """The id of a job, or why there is none."""
    video = {"S3Object": {"Bucket": film.bucket, "Name": film.name}}
    try:
        # The token is that of all the client's attempts: an answer that is lost pays for no second job.
        token = uuid.uuid4().hex
        started = side.call(analysis.start, Video=video, ClientRequestToken=token, **analysis.request)
        return str(started["JobId"])
    except RegardError as error:
        return FilmJob(failure=str(error))


def _come_to(
    side: MigrationSource, analysis: FilmAnalysis, job: str | FilmJob, took: float, seconds: float
) -> FilmJob | None:
    """What a job came to by now; None while it may go on."""
    found = job if isinstance(job, FilmJob) else _ended(side, analysis, job, took)
    if found is None and took > seconds:
        return FilmJob(seconds=took, failure=f"It was not done within {seconds:.0f} seconds.")
    return found


def _ended(side: MigrationSource, analysis: FilmAnalysis, job_id: str, seconds: float) -> FilmJob | None:
    """What a job came to; None while it is under way."""
    try:
        first = side.call(analysis.get, JobId=job_id, MaxResults=_PAGE)
        if first["JobStatus"] == "IN_PROGRESS":
            return None
        if first["JobStatus"] != "SUCCEEDED":
            return FilmJob(seconds=seconds, failure=str(first.get("StatusMessage", "It failed.")))
        items = list(side.listed(analysis.get, analysis.member, JobId=job_id, MaxResults=_PAGE))
    except RegardError as error:
        return FilmJob(seconds=seconds, failure=str(error))
    return FilmJob(items, seconds, _duration(first))


def _duration(answer: Mapping[str, Any]) -> int:
    about = answer.get("VideoMetadata", {})
    return int((about[0] if isinstance(about, list) else about).get("DurationMillis", 0))
