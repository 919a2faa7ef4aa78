"""Jobs through the gate and a worker: how they run, and what becomes of what goes wrong."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import ResourceNotFoundException
from regard.jobs.worker import Worker
from regard.operations import Operation
from regard.storage.database import Database
from regard.storage.schema import jobs
from tests.video.jobs.asking import (
    FOREVER,
    Script,
    holder,
    labels,
    records,
    start,
)
from tests.waiting import PATIENCE


def test_a_job_is_run_to_its_end(parts: Parts, worker: Worker, script: Script) -> None:
    job_id = start(parts, script(steps=3, items=2))
    assert labels(parts, job_id)["JobStatus"] == "IN_PROGRESS"
    assert worker.run_one(FOREVER)
    answer = labels(parts, job_id)
    assert (answer["JobStatus"], len(answer["Labels"])) == ("SUCCEEDED", 6)
    assert answer["VideoMetadata"]["Codec"] == "h264"
    assert not worker.run_one(FOREVER)


def test_what_the_analysis_refuses_is_the_jobs_status_message(
    parts: Parts, worker: Worker, script: Script
) -> None:
    job_id = start(parts, script(steps=3, fail=1))
    worker.run_one(FOREVER)
    answer = labels(parts, job_id)
    assert (answer["JobStatus"], answer["Labels"]) == ("FAILED", [])
    assert answer["StatusMessage"] == "The video has no pictures in it."


def test_a_mistake_in_an_analysis_fails_the_job_and_tells_nothing_of_the_server(
    parts: Parts, worker: Worker, script: Script
) -> None:
    job_id = start(parts, script(**{"steps": 3, "break": 1}))
    worker.run_one(FOREVER)
    message = labels(parts, job_id)["StatusMessage"]
    assert message == "The analysis failed in a way that is Regard's fault; its log says how."
    outcomes = [one["outcome"] for one in records(parts, job_id) if one["operation"] == "StartLabelDetection"]
    assert outcomes == ["ok", "begun", "InternalServerError"]


def test_a_video_that_is_gone_when_the_job_is_run_fails_it(
    parts: Parts, worker: Worker, script: Script, bucket: Path
) -> None:
    job_id = start(parts, script())
    (bucket / "a.mp4").unlink()
    worker.run_one(FOREVER)
    assert labels(parts, job_id)["StatusMessage"].startswith("Unable to get object metadata from S3.")


def test_what_is_away_for_a_while_puts_a_job_off(
    parts: Parts, worker: Worker, script: Script, tmp_path: Path
) -> None:
    away = tmp_path / "away"
    away.touch()
    job_id = start(parts, script(away=str(away)))
    worker.run_one(FOREVER)
    assert labels(parts, job_id)["JobStatus"] == "IN_PROGRESS"
    assert not worker.run_one(FOREVER)
    away.unlink()
    with parts.database.write() as connection:
        connection.execute(update(jobs).values(lease_until=0))  # later
    assert worker.run_one(FOREVER)
    assert labels(parts, job_id)["JobStatus"] == "SUCCEEDED"


def test_a_worker_that_is_told_to_stop_finishes_its_step_and_leaves_the_rest_to_the_next(
    parts: Parts, worker: Worker, script: Script
) -> None:
    job_id = start(parts, script(steps=4))
    stop = threading.Event()
    stop.set()
    for n in range(4):
        job = parts.stores.jobs.find(job_id)
        assert job is not None
        assert (job.status, job.progress, job.attempts, job.holder) == ("IN_PROGRESS", n / 4, 0, None)
        assert worker.run_one(stop)
    assert worker.run_one(FOREVER)
    answer = labels(parts, job_id)
    assert (answer["JobStatus"], len(answer["Labels"])) == ("SUCCEEDED", 8)
    outcomes = [record["outcome"] for record in records(parts, job_id)]
    assert outcomes[:4] == ["ok", "begun", "interrupted", "begun"]


def test_begin_and_end_are_in_the_audit_log(parts: Parts, worker: Worker, script: Script) -> None:
    caller = holder(parts)
    request = {"Video": script(steps=2, items=3)}
    job_id = parts.gate.call("start_label_detection", request, caller, case="case 7")["JobId"]
    worker.run_one(FOREVER)
    started, begun, ended = records(parts, job_id)
    for record in (started, begun, ended):
        assert (record["operation"], record["key"], record["case"]) == (
            "StartLabelDetection",
            caller.key_id,
            "case 7",
        )
    assert [started["outcome"], begun["outcome"], ended["outcome"]] == ["ok", "begun", "ok"]
    assert ended["results"] == {"items": 12}


def test_no_job_succeeds_when_its_record_can_not_be_written(
    parts: Parts, worker: Worker, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.errors import InternalServerError

    job_id = start(parts, script())

    def full_disk(_: object) -> None:
        raise InternalServerError("The disk of the database is full.")

    with monkeypatch.context() as broken:
        broken.setattr(parts.audit, "append", full_disk)
        worker.run_one(FOREVER)
    assert labels(parts, job_id)["JobStatus"] == "IN_PROGRESS"


def test_a_job_that_is_cancelled_while_it_runs_stays_cancelled(
    parts: Parts, worker: Worker, script: Script, table: dict[str, Operation]
) -> None:
    job_id = start(parts, script(steps=4))
    whole = table["start_label_detection"]

    def cancelled_meanwhile(*arguments: Any) -> Any:
        for n, step in enumerate(whole.analyze(*arguments)):
            if n == 2:
                parts.gate.call("cancel_job", {"JobId": job_id}, LOCAL)
            assert n < 3, "the analysis went on"
            yield step

    table["start_label_detection"] = replace(whole, analysis=cancelled_meanwhile)
    worker.run_one(FOREVER)
    answer = labels(parts, job_id)
    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", "The job was cancelled.")
    job = parts.gate.call("get_job", {"JobId": job_id}, LOCAL)["Job"]
    assert (job["Results"], job["Running"]) == (0, False)


def test_progress_is_shown_while_a_job_runs(parts: Parts, script: Script, worker: Worker) -> None:
    job_id = start(parts, script(steps=4), JobTag="tag")
    stop = threading.Event()
    stop.set()
    worker.run_one(stop)
    [job] = parts.gate.call("list_jobs", {}, LOCAL)["Jobs"]
    assert job == parts.gate.call("get_job", {"JobId": job_id}, LOCAL)["Job"]
    assert (job["Progress"], job["Results"], job["JobTag"]) == (0.25, 4, "tag")
    assert (job["API"], job["JobStatus"], job["Key"]) == ("StartLabelDetection", "IN_PROGRESS", "local")


def test_jobs_are_listed_page_by_page(parts: Parts, script: Script) -> None:
    started = [start(parts, script()) for _ in range(3)]
    page = parts.gate.call("list_jobs", {"MaxResults": 2}, LOCAL)
    rest = parts.gate.call("list_jobs", {"MaxResults": 2, "NextToken": page["NextToken"]}, LOCAL)
    assert [job["JobId"] for job in page["Jobs"] + rest["Jobs"]] == started[::-1]
    assert "NextToken" not in rest


def test_a_job_that_is_not_there_can_not_be_shown_or_cancelled(parts: Parts) -> None:
    for operation in ("get_job", "cancel_job"):
        with pytest.raises(ResourceNotFoundException, match="^Could not find JobId: x$"):
            parts.gate.call(operation, {"JobId": "x"}, LOCAL)


def test_a_worker_waits_for_a_database_that_is_busy(
    parts: Parts, worker: Worker, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.errors import ThrottlingException

    job_id = start(parts, script())
    stop, looked = threading.Event(), threading.Event()
    find = Database.read

    def busy_at_first(database: Database) -> Any:
        if not looked.is_set():
            looked.set()
            raise ThrottlingException("The database is busy. Try your call again.")
        return find(database)

    monkeypatch.setattr(Database, "read", busy_at_first)
    thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
    thread.start()
    assert looked.wait(PATIENCE)
    while labels(parts, job_id)["JobStatus"] == "IN_PROGRESS":
        stop.wait(0.05)
    stop.set()
    thread.join()
    assert looked.is_set()
