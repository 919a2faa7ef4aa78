"""`/console/jobs/ID/progress`: how far a job is, for its page while that is open.

What it tells is a share of the work and nothing that was found, so that it leaves no record; once the job has
ended, the browser loads the page anew, which asks the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from regard.console.page import Page, PageAnswer, PageView, Redirect
from regard.console.pages.jobs import JOBS, READERS
from regard.console.visit import PageVisit

Progress = Callable[[str], float | None]
"""How far a job is that is under way, from 0 to 1, by its id; None for every other."""


def progress_pages(progress: Progress) -> Sequence[Page]:
    """The page of a job's progress, which no menu has."""

    def show(visit: PageVisit) -> PageAnswer:
        job_id = visit.path["job_id"]
        done = progress(job_id)
        if done is None:
            return Redirect(f"{JOBS}/{job_id}")
        return PageView("job_progress.html", {"progress": done, "path": visit.address}, {"Progress": done})

    return (Page(path=JOBS + "/{job_id}/progress", show=show, roles=READERS, is_part=True),)
