"""`/console/jobs`: analyses of films and of many pictures: how far they are, what they found when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from regard.console.languages import msgid
from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.timelines import TIMELINES, JobTimeline, bars_of
from regard.console.visit import PageVisit
from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException

FILMS: Final = "/console/films"
JOBS: Final = "/console/jobs"
_PAGE: Final = 50
_ITEMS: Final = 1000
_PAGES: Final = 5  # of a job's results that a timeline is drawn from


def _list(visit: PageVisit) -> PageAnswer:
    answer = visit.call("list_jobs", MaxResults=_PAGE, NextToken=visit.query.get("token"))
    values = {"jobs": answer["Jobs"], "token": answer.get("NextToken")}
    return PageView("jobs.html", values, visit.written("list_jobs", answer))


def _show(visit: PageVisit) -> PageAnswer:
    return _job(visit)


def _watch(visit: PageVisit) -> PageAnswer:
    """Opens the film, and leads to the page that plays it: to load that anew opens nothing."""
    job = visit.call("get_job", JobId=visit.path["job_id"])["Job"]
    try:
        opened = visit.call("watch_job_video", case=job.get("Case"), JobId=visit.path["job_id"])
    except (AccessDeniedException, InvalidParameterException, ResourceNotFoundException) as error:
        return _job(visit, unplayed=error.message)
    address = opened["Path"].removeprefix(FILMS + "/")
    return Redirect(f"{visit.address}?film={quote(address, safe='')}#film")


def _job(visit: PageVisit, *, unplayed: str | None = None) -> PageAnswer:
    answer = visit.call("get_job", JobId=visit.path["job_id"])
    job, film = answer["Job"], visit.query.get("film")
    values: dict[str, Any] = {
        "job": job,
        "bars": [],
        "duration": 0,
        "is_whole": True,
        "path": f"{visit.address}/progress",
        "withheld": None,
        "unplayed": unplayed,
        "film": None if film is None else f"{FILMS}/{quote(film, safe='')}",
    }
    timeline = TIMELINES.get(job["API"])
    values["can_watch"] = timeline is not None and job["JobStatus"] == "SUCCEEDED"
    if timeline is not None and job["JobStatus"] == "SUCCEEDED":
        try:
            items, duration, is_whole = _results(visit, job.get("Case"), timeline)
        except AccessDeniedException as error:
            values["withheld"] = error.message
        else:
            values |= {"bars": bars_of(timeline, items), "duration": duration, "is_whole": is_whole}
    return PageView("job.html", values, visit.written("get_job", answer))


def _results(
    visit: PageVisit, case: str | None, timeline: JobTimeline
) -> tuple[list[dict[str, Any]], int, bool]:
    """What a job found, how long its video is in ms, and whether that is all of what it found."""
    items: list[dict[str, Any]] = []
    token: str | None = None
    duration = 0
    for _ in range(_PAGES):
        page = visit.call(
            timeline.operation, case=case, JobId=visit.path["job_id"], MaxResults=_ITEMS, NextToken=token
        )
        items += page[timeline.member]
        about = page.get("VideoMetadata", {})
        about = about[0] if isinstance(about, list) else about
        duration = int(about.get("DurationMillis", 0))
        token = page.get("NextToken")
        if token is None:
            return items, duration, True
    return items, duration, False


def _cancel(visit: PageVisit) -> PageAnswer:
    visit.call("cancel_job", JobId=visit.path["job_id"])
    return Redirect(visit.address)


READERS: Final = frozenset({"admin", "operator", "investigator"})

PAGES: Final[Sequence[Page]] = (
    Page(path=JOBS, show=_list, roles=READERS, title=msgid("Jobs"), menu=True),
    Page(path=JOBS + "/{job_id}", show=_show, acts={"cancel": _cancel, "watch": _watch}, roles=READERS),
)
