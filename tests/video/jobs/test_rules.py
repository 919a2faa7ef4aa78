"""Jobs by the rules that hold when they are run and shown: who may, and under which purpose."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.errors import AccessDeniedException
from regard.governance.purpose import TAG
from regard.jobs.worker import Worker
from regard.storage.schema import jobs
from tests.video.jobs.asking import (
    COLLECTION,
    FOREVER,
    Script,
    holder,
    labels,
    records,
    search,
    similarities,
    start,
    strengthen,
)


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
        (99, "access-control"),
        (99, "access-control"),
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
        connection.execute(update(jobs).values(purpose="access-control"))
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
