"""`regard jobs`: analyses of stored videos and of many pictures, how far they are, and an end to one."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsJson, DataFolder
from regard.cli.printing import print_json, print_table, say
from regard.errors import RegardError
from regard.presentation.tables import Header, Table, numbers
from regard.presentation.wording import count

app = typer.Typer(
    help="List, show, cancel and count jobs on stored videos and many pictures.", no_args_is_help=True
)

_PAGE = 100  # jobs that one request may ask for

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The JobId.")]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of jobs.")] = 20,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """List the jobs, the newest first."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    with local_gate(data, existing=True) as gate:
        while len(found) < limit:
            page = gate.call("list_jobs", MaxResults=min(limit - len(found), _PAGE), **token)
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
        job = gate.call("get_job", JobId=job_id)["Job"]
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
        job = gate.call("cancel_job", JobId=job_id)["Job"]
    say(f"{job['API']} of {_video(job)}: {_standing(job)} {job.get('StatusMessage', '')}".rstrip())


@app.command("counts")
def counts(
    job_id: JobId,
    line: Annotated[
        str | None,
        typer.Option(metavar="X1,Y1,X2,Y2", help="A line that people pass, in fractions of the frame."),
    ] = None,
    interval: Annotated[float, typer.Option(min=0.001, help="Seconds that are counted together.")] = 60,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Count the people whom a StartPersonTracking job has followed: when, across a line, for how long."""
    if not math.isfinite(interval):
        raise RegardError(f"The interval is a number of seconds, not {interval}.")
    params: dict[str, Any] = {} if line is None else {"Line": _ends(line)}
    with local_gate(data, existing=True) as gate:
        found = gate.call("get_job_counts", JobId=job_id, Interval=round(interval * 1000), **params)
    if as_json:
        print_json(found)
        return
    passes = ("entries", "exits") if "Line" in found else ()
    rows = []
    for one in found["Intervals"]:
        cells = [one["Persons"], one["MostAtOnce"], *(one[name.capitalize()] for name in passes)]
        rows.append([_clock(one["Start"]), *map(str, cells)])
    print_table(Table([Header("from"), *numbers("persons", "at once", *passes)], rows))
    say(f"{count(len(found['Persons']), 'person')}, {found['MostAtOnce']} at once at most.")
    if "Line" in found:
        say(f"{found['Entries']} entered, {found['Exits']} left.")
    for name, title in (("Dwell", "From first to last seen"), ("Seen", "Seen for")):
        if name in found:
            half, upper = (found[name]["Quantiles"][share] / 1000 for share in ("0.5", "0.9"))
            longest = found[name]["Longest"] / 1000
            say(f"{title}: half of them {half:.1f} s or less, 90 % {upper:.1f} s, longest {longest:.1f} s.")


def _ends(line: str) -> list[float]:
    try:
        ends = [float(part) for part in line.split(",")]
    except ValueError:
        ends = []
    if len(ends) != 4 or not all(0 <= end <= 1 for end in ends):
        raise RegardError(f"A line is X1,Y1,X2,Y2 in fractions of the frame, from 0 to 1, not {line!r}.")
    return ends


def _clock(milliseconds: int) -> str:
    """`1:02:03`, with milliseconds where there are some."""
    seconds, rest = divmod(milliseconds, 1000)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{clock}.{rest:03}" if rest else clock


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
    """What is analysed: a video, the manifest of many pictures, or what is in a project."""
    if "ProjectArn" in job:
        project = job["ProjectArn"].split("/")[1]
        return f"{project} {job['VersionName']}" if "VersionName" in job else str(project)
    where = (job.get("Video") or job["Input"])["S3Object"]
    return f"{where['Bucket']}/{where['Name']}"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
