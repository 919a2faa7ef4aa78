"""WatchJobVideo: the film of a job, for a browser in which somebody is signed in."""

from __future__ import annotations

from typing import Any, Final

from regard.context import Context
from regard.errors import (
    AccessDeniedException,
    InvalidS3ObjectException,
    ResourceNotFoundException,
    ResourceNotReadyException,
    VideoTooLargeException,
)
from regard.governance.permissions import Permission
from regard.governance.presence import Presence
from regard.governance.responsibility import Act
from regard.jobs.films import JobFilms, video_of
from regard.jobs.records import Status
from regard.operations.operation import Area, Operation
from regard.operations.shapes.times import moment
from regard.operations.subjects import JOB
from regard.storage.encryption import Cipher

_PATH: Final = "/console/films"


def watch_job_video(ctx: Context, _request: dict[str, Any]) -> dict[str, Any]:
    """Where the film of a job that has succeeded can be read for some minutes, by the browser that asks.

    Raises AccessDeniedException where a case searches the film that the caller doesn't work on.
    """
    job, browser = ctx.job, ctx.caller.browser
    if browser is None:
        raise AccessDeniedException(
            "A film is played in a browser where somebody is signed in: open the job in the console."
        )
    if job.status is not Status.SUCCEEDED:
        raise ResourceNotReadyException("A film is played once its analysis has succeeded.")
    place = video_of(job)
    if place is None:
        raise ResourceNotFoundException(f"The job {job.job_id} is on no film.")
    video = f"{place[0]}/{place[1]}"
    _refuse_others(ctx, video)
    ctx.note(video=video)
    films = JobFilms(
        ctx.stores.jobs,
        ctx.stores.objects,
        Cipher(ctx.settings.keys),
        limit=ctx.settings.video_bytes,
        may_show=lambda _job: None,  # the gate has just admitted it
    )
    try:
        address, until = films.issue(job, browser)
    except (InvalidS3ObjectException, VideoTooLargeException) as error:
        raise ResourceNotFoundException(
            "The film can't be read any more: it is no longer in its bucket, or larger than "
            "REGARD_VIDEO_BYTES."
        ) from error
    return {"Path": f"{_PATH}/{address}", "Expires": moment(until)}


def _refuse_others(ctx: Context, video: str) -> None:
    """Raises AccessDeniedException for the footage of a case that the caller doesn't work on: whichever
    analysis of it they name, whom it shows is for the case to say, and who may be asked to rate its faces
    must not have seen it.
    """
    of_cases = ctx.stores.accountability.grants.cases_with_video(video)
    if not of_cases:
        return
    person, cases = ctx.caller.person_id, ctx.stores.accountability.cases
    found = (cases.find(case_id) for case_id in of_cases)
    if not any(case is not None and person in case.members for case in found):
        raise AccessDeniedException("This film is footage of a case; its members see it, and nobody else.")


OPERATIONS = (
    Operation(
        name="WatchJobVideo",
        run=watch_job_video,
        area=Area.JOBS,
        permission=Permission.START_JOBS,
        about=JOB,
        does=Act.READ_MATCHES,
        presence=Presence.SESSION,
        is_own=True,
    ),
)
