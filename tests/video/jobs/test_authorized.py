"""Under strict purposes a video is searched by an authorization, which is asked before each step is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.context import Context
from regard.errors import AccessDeniedException, ConflictException
from regard.governance.authorizations.records import Grant
from regard.governance.purpose import TAG
from regard.jobs.worker import Worker
from regard.operations import Operation
from regard.storage.clock import milliseconds
from regard.storage.schema import jobs
from tests.responsible import Office
from tests.video.jobs.asking import FOREVER, Script
from tests.video.jobs.bureau import DOCUMENT, FOUND, Bureau


@pytest.fixture
def bureau(parts: Parts, worker: Worker) -> Bureau:
    office = Office(parts)
    office.person("ines", "investigator", trained="search")
    office.person("anna", "approver")
    office.call("create_collection", CollectionId="c", Tags={TAG: "law-enforcement"})
    ines = office.key("ines", "investigator")
    return Bureau(office, parts, worker, ines, office.session("anna", "approver"), office.case(ines))


def test_a_video_is_not_searched_without_an_authorization(bureau: Bureau, script: Script) -> None:
    bureau.asked()
    with pytest.raises(AccessDeniedException, match=r"covers the video videos/a\.mp4"):
        bureau.start(script())


def test_an_authorized_search_runs_and_its_records_name_the_authorization(
    bureau: Bureau, script: Script
) -> None:
    authorization = bureau.authorized()
    job_id = bureau.start(script(persons=FOUND, steps=2))
    bureau.worker.run_one(FOREVER)
    assert bureau.matches(job_id) == [1, 1, 1, 1]
    started, begun, ended, *_ = bureau.records(job_id)
    assert [one["authorization"] for one in (started, begun, ended)] == [authorization] * 3
    assert [one["outcome"] for one in (started, begun, ended)] == ["ok", "begun", "ok"]


def test_an_authorization_covers_no_other_video(bureau: Bureau, script: Script) -> None:
    bureau.authorized()
    with pytest.raises(AccessDeniedException, match=r"covers the video videos/b\.mp4"):
        bureau.start(script("b.mp4"))


def test_an_authorization_is_for_its_case_alone(bureau: Bureau, script: Script) -> None:
    bureau.authorized()
    bureau.case = bureau.office.case(bureau.ines)
    with pytest.raises(AccessDeniedException, match=f"of the case {bureau.case}"):
        bureau.start(script())


def test_a_collection_that_is_made_anew_is_another(bureau: Bureau, script: Script) -> None:
    bureau.authorized()
    bureau.office.person("otto", "operator")
    bureau.office.call("delete_collection", bureau.office.key("otto", "operator"), CollectionId="c")
    bureau.office.call("create_collection", CollectionId="c", Tags={TAG: "law-enforcement"})
    with pytest.raises(AccessDeniedException, match="No authorization"):
        bureau.start(script())


def test_whoever_asked_does_not_approve_though_they_be_an_approver_too(bureau: Bureau) -> None:
    asked = bureau.asked()
    bureau.office.call("set_roles", PersonId="ines", Roles=["investigator", "approver"])
    herself = bureau.office.session("ines", "approver")
    with pytest.raises(AccessDeniedException, match="doesn't decide on it"):
        bureau.office.call("approve_authorization", herself, AuthorizationId=asked, **DOCUMENT)


def test_an_approver_s_key_alone_approves_nothing(bureau: Bureau) -> None:
    asked = bureau.asked()
    key = bureau.office.key("anna", "approver")
    with pytest.raises(AccessDeniedException, match="not a key alone"):
        bureau.office.call("approve_authorization", key, AuthorizationId=asked, **DOCUMENT)


def test_an_old_warrant_does_not_allow_what_came_before_its_entry(bureau: Bureau, script: Script) -> None:
    asked = bureau.asked(From=datetime.now(UTC) - timedelta(days=20))
    old = {**DOCUMENT, "Issued": datetime.now(UTC) - timedelta(days=20)}
    before = datetime.now(UTC) - timedelta(seconds=1)
    with pytest.raises(AccessDeniedException):
        bureau.start(script())
    made = bureau.office.call("approve_authorization", bureau.anna, AuthorizationId=asked, **old)
    assert made["From"] > before


def test_a_job_without_an_authorization_is_not_run_once_its_collection_is_strict(
    bureau: Bureau, script: Script
) -> None:
    bureau.office.call("create_collection", CollectionId="d")
    request = {"CollectionId": "d", "Video": script(persons=FOUND)}
    job_id = bureau.office.call("start_face_search", bureau.ines, bureau.case, **request)["JobId"]
    arn = "arn:aws:rekognition:us-east-1:000000000000:collection/d"
    bureau.office.person("otto", "operator")
    tags = {TAG: "law-enforcement"}
    bureau.office.call("tag_resource", bureau.office.key("otto", "operator"), ResourceArn=arn, Tags=tags)
    bureau.worker.run_one(FOREVER)
    job = bureau.job(job_id)
    assert (job.status, bureau.kept(job_id)) == ("FAILED", 0)
    assert "was started without an authorization" in str(job.message)


def test_a_job_ends_before_its_next_step_once_its_collection_is_strict(
    bureau: Bureau, script: Script
) -> None:
    bureau.office.call("create_collection", CollectionId="d")
    request = {"CollectionId": "d", "Video": script(persons=FOUND, steps=3)}
    job_id = bureau.office.call("start_face_search", bureau.ines, bureau.case, **request)["JobId"]
    steps = bureau.parts.gate.run_job(bureau.job(job_id))
    next(steps)
    arn = "arn:aws:rekognition:us-east-1:000000000000:collection/d"
    bureau.office.person("otto", "operator")
    tags = {TAG: "law-enforcement"}
    bureau.office.call("tag_resource", bureau.office.key("otto", "operator"), ResourceArn=arn, Tags=tags)
    with pytest.raises(AccessDeniedException, match="is for law-enforcement since the search began"):
        next(steps)


@pytest.mark.parametrize("end", ["expired", "revoked", "rejected", "lapsed", "unanswered"])
def test_a_job_that_waits_is_not_run_once_its_authorization_is_over(
    bureau: Bureau, script: Script, end: str
) -> None:
    begin(bureau, end)
    job_id = bureau.start(script(persons=FOUND))
    finish(bureau, end)
    bureau.worker.run_one(FOREVER)
    assert (bureau.job(job_id).status, bureau.kept(job_id)) == ("FAILED", 0)


@pytest.mark.parametrize("end", ["expired", "revoked", "rejected", "lapsed", "unanswered"])
def test_a_worker_that_slept_until_its_authorization_was_over_keeps_nothing(
    bureau: Bureau, script: Script, table: dict[str, Operation], end: str
) -> None:
    begin(bureau, end)
    job_id = bureau.start(script(persons=FOUND, steps=3))
    asleep, awake = threading.Event(), threading.Event()
    sleep_in_step(table, 1, asleep, awake)
    thread = threading.Thread(target=bureau.worker.run_one, args=(FOREVER,))
    thread.start()
    assert asleep.wait(30)
    assert bureau.kept(job_id) == 2  # of the first step
    finish(bureau, end)
    awake.set()
    thread.join()
    job = bureau.job(job_id)
    assert (job.status, job.state, bureau.kept(job_id)) == ("FAILED", None, 0)
    last = bureau.records(job_id)[-1]
    was_cancelled = end == "rejected"  # the rejection itself has ended the job
    assert last["outcome"] == ("interrupted" if was_cancelled else "AccessDeniedException")


def begin(bureau: Bureau, end: str) -> None:
    """Begins an authorization that can end in that way."""
    if end in ("expired", "revoked"):
        bureau.authorized()
    else:
        bureau.asked("exigency")


def finish(bureau: Bureau, end: str) -> None:
    """Ends the only authorization that there is in that way."""
    [found] = bureau.parts.stores.accountability.authorizations.all()
    one, why = found.authorization_id, "because"
    if end == "expired":
        bureau.set(one, until=milliseconds() - 1)
    elif end == "lapsed":
        bureau.lapse(one)
    elif end == "unanswered":
        bureau.office.call("submit_authorization", bureau.ines, AuthorizationId=one, Authority="Court")
        bureau.lapse(one)
    else:
        how = {"revoked": "revoke_authorization", "rejected": "reject_authorization"}[end]
        bureau.office.call(how, bureau.anna, AuthorizationId=one, Reason=why)


def sleep_in_step(
    table: dict[str, Operation], at: int, asleep: threading.Event, awake: threading.Event
) -> None:
    """Lets the face search stop in a step, after the gate has admitted it."""
    whole = table["start_face_search"]

    def sleeping(*arguments: Any) -> Any:
        for number, step in enumerate(whole.analyze(*arguments)):
            if number == at:
                asleep.set()
                assert awake.wait(30)
            yield step

    table["start_face_search"] = replace(whole, analysis=sleeping)


def test_a_key_for_a_case_asks_for_no_other(bureau: Bureau) -> None:
    other = bureau.office.case(bureau.ines)
    made = bureau.office.call("create_case_key", bureau.ines, CaseId=other, Hours=1)
    bureau.ines = bureau.office.holder(made["AccessKeyId"])
    with pytest.raises(AccessDeniedException, match=f"for the case {other} alone"):
        bureau.asked()


@pytest.mark.parametrize("end", ["rejected", "lapsed"])
def test_what_was_found_is_erased_with_a_record_and_nobody_reads_it(
    bureau: Bureau, script: Script, end: str
) -> None:
    authorization = bureau.asked("exigency")
    job_id = bureau.start(script(persons=FOUND))
    bureau.worker.run_one(FOREVER)
    assert bureau.matches(job_id) == [1, 1]
    finish(bureau, end)
    with pytest.raises(AccessDeniedException, match=f"is {end.upper()}: what was found under it is erased"):
        bureau.matches(job_id)
    bureau.parts.upkeep.run_due()
    assert (bureau.job(job_id).status, bureau.kept(job_id)) == ("FAILED", 0)
    shown = bureau.office.call("get_authorization", bureau.ines, AuthorizationId=authorization)
    assert (shown["State"], "Erased" in shown) == (end.upper(), True)
    auditor = bureau.office.key(person(bureau, "alma", "auditor"), "auditor")
    receipt = bureau.office.call("get_audit_receipt", auditor, Record=str(shown["ErasureRecord"]))
    assert job_id in str(receipt)
    erasures = [one for one in bureau.parts.audit.export() if one["operation"] == "erase authorization"]
    assert [(one["jobs"], one["items"]) for one in erasures] == [([job_id], 2)]


def person(bureau: Bureau, name: str, role: str) -> str:
    bureau.office.person(name, role)
    return name


def test_an_authorization_that_has_lapsed_stays_so_though_the_clock_is_set_back(
    bureau: Bureau, script: Script
) -> None:
    authorization = bureau.asked("exigency")
    bureau.lapse(authorization)
    bureau.parts.upkeep.run_due()
    bureau.set(authorization, ask_by=milliseconds() + 3_600_000)
    with pytest.raises(AccessDeniedException, match="No authorization"):
        bureau.start(script())


def test_results_are_for_the_case_s_people_alone_whatever_the_collection_is_for_by_then(
    bureau: Bureau, script: Script
) -> None:
    bureau.authorized()
    job_id = bureau.start(script(persons=FOUND))
    bureau.worker.run_one(FOREVER)
    bureau.office.call("delete_collection", operator(bureau), CollectionId="c")
    with bureau.parts.database.write() as connection:
        connection.execute(update(jobs).values(purpose="access-control"))
    with pytest.raises(AccessDeniedException, match="call with a person's key"):
        bureau.matches(job_id, LOCAL)
    bureau.office.person("olga", "investigator", trained="search")
    olga = bureau.office.key("olga", "investigator")
    with pytest.raises(AccessDeniedException, match="There is no case"):
        bureau.matches(job_id, olga)
    assert bureau.matches(job_id) == [1, 1]


def operator(bureau: Bureau) -> Caller:
    bureau.office.person("otto", "operator")
    return bureau.office.key("otto", "operator")


def test_what_was_found_before_an_authorization_ran_out_is_still_read(bureau: Bureau, script: Script) -> None:
    bureau.authorized()
    job_id = bureau.start(script(persons=FOUND))
    bureau.worker.run_one(FOREVER)
    finish(bureau, "expired")
    bureau.parts.upkeep.run_due()
    assert bureau.matches(job_id) == [1, 1]


def test_a_search_goes_on_when_its_authorization_is_extended(
    bureau: Bureau, script: Script, table: dict[str, Operation]
) -> None:
    authorization = bureau.authorized()
    job_id = bureau.start(script(persons=FOUND, steps=2))
    until = datetime.now(UTC) + timedelta(days=5)
    request = {"AuthorizationId": authorization, **DOCUMENT, "Until": until}
    bureau.office.call("extend_authorization", bureau.anna, **request)
    bureau.set(authorization, until=milliseconds() - 1)
    bureau.worker.run_one(FOREVER)
    assert bureau.job(job_id).status == "SUCCEEDED"


def test_the_faces_that_are_listed_are_those_that_the_analysis_may_keep(
    bureau: Bureau, script: Script, table: dict[str, Operation]
) -> None:
    face, whole, seen = "12345678-1234-1234-1234-123456789abc", table["start_face_search"], []

    def watched(ctx: Context, *arguments: Any) -> Any:
        seen.append(ctx.grant)
        yield from whole.analyze(ctx, *arguments)

    table["start_face_search"] = replace(whole, analysis=watched)
    authorization = bureau.authorized(Faces=[face])
    bureau.start(script())
    bureau.worker.run_one(FOREVER)
    assert seen == [Grant(authorization_id=authorization, covert=False, faces=frozenset({face}))]


def test_a_file_is_not_searched_under_a_strict_purpose_whatever_video_is_named(
    bureau: Bureau, script: Script, tmp_path: Any
) -> None:
    bureau.authorized()
    request = {"start_face_search": {"CollectionId": "c", "Video": script()}}
    with pytest.raises(AccessDeniedException, match="in a video of a bucket"):
        next(bureau.parts.gate.run_pass(request, tmp_path / "videos/a.mp4", bureau.ines, case=bureau.case))


def test_without_a_strict_purpose_no_authorization_is_asked_for(
    bureau: Bureau, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        pytest.fail("the table of authorizations was read")

    for name in ("admit", "check", "check_step", "check_readable"):
        monkeypatch.setattr(f"regard.governance.authorizations.grants.Grants.{name}", fail)
    bureau.office.call("create_collection", CollectionId="d")
    started = bureau.office.call("start_face_search", CollectionId="d", Video=script(persons=FOUND))
    bureau.worker.run_one(FOREVER)
    answer = bureau.office.call("get_face_search", JobId=started["JobId"])
    assert (answer["JobStatus"], len(answer["Persons"])) == ("SUCCEEDED", 2)


REFUSED: list[tuple[str, Callable[[Bureau], dict[str, Any]], type[Exception], str]] = [
    ("reject_authorization", lambda b: {"Reason": "x"}, ConflictException, "is ACTIVE"),
    ("ratify_authorization", lambda b: DOCUMENT, ConflictException, "is ACTIVE"),
    ("approve_authorization", lambda b: DOCUMENT, ConflictException, "is ACTIVE"),
]


@pytest.mark.parametrize(("operation", "request_of", "error", "message"), REFUSED)
def test_what_does_not_follow_on_the_state_is_a_conflict(
    bureau: Bureau, operation: str, request_of: Any, error: type[Exception], message: str
) -> None:
    authorization = bureau.authorized()
    with pytest.raises(error, match=message):
        bureau.office.call(operation, bureau.anna, AuthorizationId=authorization, **request_of(bureau))
