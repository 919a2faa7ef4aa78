"""Jobs through the gate and a worker: who may, under which purpose, and what becomes of what goes wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from regard.app import Parts, build
from regard.caller import LOCAL, Caller
from regard.errors import AccessDeniedException, ResourceNotFoundException
from regard.governance.purpose import TAG
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.operations import Operation
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import jobs
from tests.video.analyses import operations
from tests.waiting import PATIENCE

COLLECTION = "arn:aws:rekognition:us-east-1:000000000000:collection/c"
Script = Callable[..., dict[str, Any]]
FOREVER = threading.Event()  # never set


def start(parts: Parts, video: dict[str, Any], caller: Caller = LOCAL, **request: Any) -> str:
    answer = parts.gate.call("start_label_detection", {"Video": video, **request}, caller)
    return str(answer["JobId"])


def search(parts: Parts, video: dict[str, Any], caller: Caller = LOCAL, **request: Any) -> str:
    request = {"Video": video, "CollectionId": "c", **request}
    return str(parts.gate.call("start_face_search", request, caller)["JobId"])


def labels(parts: Parts, job_id: str, caller: Caller = LOCAL, **request: Any) -> dict[str, Any]:
    return parts.gate.call("get_label_detection", {"JobId": job_id, **request}, caller)


def similarities(parts: Parts, job_id: str) -> list[list[float]]:
    answer = parts.gate.call("get_face_search", {"JobId": job_id}, LOCAL)
    assert answer["JobStatus"] == "SUCCEEDED", answer
    return [[match["Similarity"] for match in one.get("FaceMatches", [])] for one in answer["Persons"]]


def records(parts: Parts, job_id: str) -> list[dict[str, Any]]:
    return [record for record in parts.audit.export() if record.get("job") == job_id]


def strengthen(parts: Parts, value: str = "law-enforcement") -> None:
    parts.gate.call("tag_resource", {"ResourceArn": COLLECTION, "Tags": {TAG: value}}, LOCAL)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    return folder


@pytest.fixture
def script(bucket: Path) -> Script:
    """Writes a script into the bucket and answers the Video that names it."""

    def write(name: str = "a.mp4", **what: Any) -> dict[str, Any]:
        (bucket / name).write_text(json.dumps(what))
        return {"S3Object": {"Bucket": "videos", "Name": name}}

    return write


@pytest.fixture
def table() -> dict[str, Operation]:
    """The operations of the gate; tests put others in."""
    return operations()


@pytest.fixture
def parts(
    installed_pack: InstalledPack, table: dict[str, Operation], bucket: Path, tmp_path: Path
) -> Iterator[Parts]:
    settings = Settings.load({}, data=tmp_path / "data", buckets=f"videos={bucket}", webhooks="private")
    built = build(settings, operations=table)
    yield built
    built.close()


@pytest.fixture
def worker(parts: Parts) -> Worker:
    leases = JobLeases(parts.stores.jobs, seconds=60, attempts=3)
    return Worker(parts.stores.jobs, leases, lambda: parts.gate, lease_seconds=60)


@pytest.fixture
def collection(parts: Parts) -> str:
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    return "c"


def holder(parts: Parts, role: str = "operator", **options: Any) -> Caller:
    return parts.keys.create(f"{role}-{len(parts.keys.all())}", role, **options).holder


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


def test_a_suspended_keys_job_is_not_run(parts: Parts, worker: Worker, script: Script) -> None:
    caller = holder(parts)
    job_id = start(parts, script(), caller)
    parts.keys.suspend(caller.key_id)
    worker.run_one(FOREVER)
    answer = labels(parts, job_id)
    assert answer["JobStatus"] == "FAILED"
    assert answer["StatusMessage"] == f"The key {caller.key_id}, which started the job, is suspended."


def test_a_key_that_is_suspended_stops_its_running_job_at_the_next_step(parts: Parts, script: Script) -> None:
    caller = holder(parts)
    job_id = start(parts, script(steps=9), caller)
    steps = parts.gate.run_job(parts.stores.jobs.find(job_id))  # type: ignore[arg-type]
    next(steps)
    parts.keys.suspend(caller.key_id)
    with pytest.raises(AccessDeniedException, match="suspended"):
        next(steps)


def test_a_policy_that_changed_since_the_start_decides(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    caller = holder(parts)
    job_id = search(parts, script(persons=[[90]]), caller)
    with parts.database.write() as connection:
        connection.exec_driver_sql(f"update keys set role = 'auditor' where key_id = '{caller.key_id}'")  # noqa: S608
    worker.run_one(FOREVER)
    answer = parts.gate.call("get_face_search", {"JobId": job_id}, LOCAL)
    assert answer["JobStatus"] == "FAILED"
    assert "is not authorized to perform: rekognition:StartFaceSearch" in answer["StatusMessage"]


def test_a_search_is_run_with_the_threshold_of_its_request(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    video = script(persons=[[99.5, 85], [70]])
    default, low = search(parts, video), search(parts, video, FaceMatchThreshold=60)
    for _ in range(2):
        worker.run_one(FOREVER)
    assert similarities(parts, default) == [[99.5, 85], []]
    assert similarities(parts, low) == [[99.5, 85], [70]]


def test_a_collection_that_became_stricter_raises_the_threshold_of_a_job_that_waits(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    job_id = search(parts, script(persons=[[99.5, 85]]))
    strengthen(parts)
    worker.run_one(FOREVER)
    assert similarities(parts, job_id) == [[99.5]]
    assert [(one["threshold"], one["purpose"]) for one in records(parts, job_id)[:3]] == [
        (80, "general"),
        (99, "law-enforcement"),
        (99, "law-enforcement"),
    ]


def test_matches_below_the_present_purposes_floor_are_withheld(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    job_id = search(parts, script(persons=[[99.5, 85], [70], []]), FaceMatchThreshold=60)
    worker.run_one(FOREVER)
    strengthen(parts)
    assert similarities(parts, job_id) == [[99.5], [], []]
    parts.gate.call("tag_resource", {"ResourceArn": COLLECTION, "Tags": {TAG: "general"}}, LOCAL)
    assert similarities(parts, job_id) == [[99.5, 85], [70], []]


def test_a_collection_that_is_gone_leaves_the_jobs_purpose(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    job_id = search(parts, script(persons=[[99.5, 85]]), FaceMatchThreshold=60)
    worker.run_one(FOREVER)
    with parts.database.write() as connection:
        connection.execute(update(jobs).values(purpose="law-enforcement"))
    parts.gate.call("delete_collection", {"CollectionId": "c"}, LOCAL)
    assert similarities(parts, job_id) == [[99.5]]


def test_a_key_of_a_strict_purpose_sees_no_match_below_its_floor(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    job_id = search(parts, script(persons=[[99.5, 85]]))
    worker.run_one(FOREVER)
    strict = holder(parts, purpose="access-control")
    answer = parts.gate.call("get_face_search", {"JobId": job_id}, strict)
    assert [match["Similarity"] for match in answer["Persons"][0]["FaceMatches"]] == [99.5]


def test_a_job_belongs_to_its_collection_in_policies(
    parts: Parts, worker: Worker, script: Script, collection: str
) -> None:
    def limited(name: str) -> Caller:
        rule = {"Effect": "Allow", "Action": "rekognition:*", "Resource": f"*:collection/{name}"}
        return holder(parts, policy={"Version": "2012-10-17", "Statement": rule})

    job_id = search(parts, script(persons=[]), limited("c"))
    for operation in ("get_face_search", "get_job", "cancel_job"):
        with pytest.raises(AccessDeniedException):
            parts.gate.call(operation, {"JobId": job_id}, limited("d"))
        parts.gate.call(operation, {"JobId": job_id}, limited("c"))


@pytest.mark.parametrize(
    ("role", "may_start", "may_cancel"),
    [
        ("operator", True, True),
        ("investigator", True, True),
        ("reviewer", False, False),
        ("auditor", False, False),
    ],
)
def test_roles_decide_who_starts_and_cancels_and_all_may_look(
    parts: Parts, script: Script, role: str, may_start: bool, may_cancel: bool
) -> None:
    job_id = start(parts, script())
    caller = holder(parts, role)
    labels(parts, job_id, caller)
    assert parts.gate.call("get_job", {"JobId": job_id}, caller)["Job"]["JobId"] == job_id
    for allowed, call in (
        (may_start, lambda: start(parts, script(), caller)),
        (may_cancel, lambda: parts.gate.call("cancel_job", {"JobId": job_id}, caller)),
    ):
        if allowed:
            call()
        else:
            with pytest.raises(AccessDeniedException):
                call()


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
