"""`regard jobs`: analyses of stored videos, how far they are, and an end to one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from regard.cli.local import AsJson, DataFolder, local_gate
from regard.cli.printing import count, print_json, say

app = typer.Typer(help="List, show and cancel jobs on stored videos.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The JobId.")]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="Most jobs to list.")] = 20,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """List the jobs, the newest first."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    with local_gate(data, existing=True) as gate:
        while len(found) < limit:
            page = gate.own("list_jobs", MaxResults=limit - len(found), **token)
            found += page["Jobs"]
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
    if as_json:
        print_json({"Jobs": found})
        return
    for job in found:
        say(f"{job['JobId']}  {_when(job['Created'])}  {job['API']}  {_video(job)}: {_standing(job)}")
    if not found:
        say("There is no job yet.")


@app.command("show")
def show(job_id: JobId, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Show how far a job is, and who was told of its end."""
    with local_gate(data, existing=True) as gate:
        job = gate.own("get_job", JobId=job_id)["Job"]
    if as_json:
        print_json(job)
        return
    say(f"{job['API']} of {_video(job)}: {_standing(job)}")
    if "StatusMessage" in job:
        say(job["StatusMessage"])
    say(f"Started {_when(job['Created'])} by {job['Name']} ({job['Key']}), purpose {job['Purpose']}.")
    for name, title in (("JobTag", "Tag"), ("CollectionId", "Collection"), ("Case", "Case")):
        if name in job:
            say(f"{title}: {job[name]}")
    if "Threshold" in job:
        say(f"Threshold: {job['Threshold']:g} %")
    if "Finished" in job:
        results = count(job["Results"], "result")
        say(f"Ended {_when(job['Finished'])}; {results}, kept until {_when(job['Expires'])}.")
    elif job["Results"]:
        say(f"{count(job['Results'], 'result')} so far.")
    if "Notification" in job:
        say(_notification(job["Notification"]))


@app.command("cancel")
def cancel(job_id: JobId, data: DataFolder = None) -> None:
    """End a job at once; it has FAILED then, and what it found is removed."""
    with local_gate(data, existing=True) as gate:
        job = gate.own("cancel_job", JobId=job_id)["Job"]
    say(f"{job['API']} of {_video(job)}: {_standing(job)} {job.get('StatusMessage', '')}".rstrip())


def _standing(job: dict[str, Any]) -> str:
    if job["JobStatus"] != "IN_PROGRESS":
        return str(job["JobStatus"])
    if not job["Running"]:
        return f"waiting at {job['Progress']:.0%}" if job["Progress"] else "waiting"
    return f"running, {job['Progress']:.0%}"


def _notification(notification: dict[str, Any]) -> str:
    told = f"Notification to {notification['Channel']}: "
    if notification.get("Delivered"):
        return f"{told}taken {_when(notification['Delivered'])}."
    tried = f"tried {count(notification['Attempts'], 'time')}"
    why = f"; {notification['Failure']}" if "Failure" in notification else ""
    return f"{told}{tried}{why}."


def _video(job: dict[str, Any]) -> str:
    where = job["Video"]["S3Object"]
    return f"{where['Bucket']}/{where['Name']}"


def _when(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M} UTC"
