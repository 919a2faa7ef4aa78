"""Bulk analysis in one process, where something can be made to go wrong."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.operations.manifests import fill, references, request

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.errors import AccessDeniedException, InternalServerError
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.operations import OPERATIONS
from regard.operations.bulk import media_analysis_run
from regard.packs.install import InstalledPack
from regard.settings import Settings

FOREVER = threading.Event()  # never set


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("bulk"))


@pytest.fixture
def parts(
    installed_pack: InstalledPack, nudenet_pack: InstalledPack, bucket: Path, tmp_path: Path
) -> Iterator[Parts]:
    (tmp_path / "out").mkdir()
    built = build(
        Settings.load(
            {},
            data=tmp_path / "data",
            buckets=f"videos={bucket},out={tmp_path / 'out'}",
            output_buckets="out",
        )
    )
    yield built
    built.close()


@pytest.fixture
def worker(parts: Parts) -> Worker:
    leases = JobLeases(parts.stores.jobs, seconds=60, attempts=3)
    return Worker(parts.stores.jobs, leases, lambda: parts.gate, lease_seconds=60)


def start(parts: Parts, caller: Any = LOCAL, **changes: Any) -> str:
    params = request(**{"OutputConfig": {"S3Bucket": "out"}, **changes})
    return str(parts.gate.call("start_media_analysis_job", params, caller)["JobId"])


def get(parts: Parts, job_id: str) -> dict[str, Any]:
    return parts.gate.call("get_media_analysis_job", {"JobId": job_id}, LOCAL)


def results(tmp_path: Path) -> list[str]:
    return sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.jsonl"))


def test_a_job_waits_is_under_way_and_has_ended(parts: Parts, worker: Worker) -> None:
    job_id = start(parts)
    assert get(parts, job_id)["Status"] == "QUEUED"
    assert parts.stores.jobs.find(job_id) is not None
    lease = JobLeases(parts.stores.jobs).take("w")
    assert lease is not None
    assert get(parts, job_id)["Status"] == "IN_PROGRESS"
    JobLeases(parts.stores.jobs).give_back(lease)
    worker.run_one(FOREVER)
    assert get(parts, job_id)["Status"] == "SUCCEEDED"


def test_a_manifest_that_is_replaced_meanwhile_fails_the_job(
    parts: Parts, bucket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker: Worker
) -> None:
    monkeypatch.setattr(media_analysis_run, "_STEP", 1)
    (bucket / "changing.jsonl").write_text(references("astronaut.jpg", "hopper.jpg"))
    job_id = start(parts, name="changing.jsonl")
    stop = _stopped()
    worker.run_one(stop)
    (bucket / "changing.jsonl").write_text(references("hopper.jpg", "hopper.jpg"))
    worker.run_one(FOREVER)
    assert get(parts, job_id)["FailureDetails"] == {
        "Code": "INVALID_S3_OBJECT",
        "Message": "The manifest was replaced while its images were moderated.",
    }
    assert results(tmp_path) == []


def test_a_job_that_is_cancelled_writes_nothing(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker: Worker
) -> None:
    monkeypatch.setattr(media_analysis_run, "_STEP", 1)
    job_id = start(parts)
    worker.run_one(_stopped())
    shown = parts.gate.call("get_job", {"JobId": job_id}, LOCAL)["Job"]
    assert (shown["API"], shown["Progress"]) == ("StartMediaAnalysisJob", 0.2475)
    assert shown["Input"] == request()["Input"]
    parts.gate.call("cancel_job", {"JobId": job_id}, LOCAL)
    assert not worker.run_one(FOREVER)
    assert get(parts, job_id)["FailureDetails"] == {"Message": "The job was cancelled."}
    assert results(tmp_path) == []


def test_a_job_that_is_cancelled_while_its_results_are_written_leaves_no_half_of_them(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker: Worker
) -> None:
    monkeypatch.setattr(media_analysis_run, "_PAGE", 1)
    job_id = start(parts)
    pages = media_analysis_run._pages

    def cancelled_after_one(*arguments: Any) -> Iterator[Any]:
        for page in pages(*arguments):
            yield page
            parts.gate.call("cancel_job", {"JobId": job_id}, LOCAL)

    monkeypatch.setattr(media_analysis_run, "_pages", cancelled_after_one)
    worker.run_one(FOREVER)
    assert get(parts, job_id)["FailureDetails"] == {"Message": "The job was cancelled."}
    assert results(tmp_path) == []


def test_a_key_that_is_suspended_ends_its_job_as_access_denied(parts: Parts, worker: Worker) -> None:
    caller = parts.keys.create("someone", "operator").holder
    job_id = start(parts, caller)
    parts.keys.suspend(caller.key_id)
    worker.run_one(FOREVER)
    assert get(parts, job_id)["FailureDetails"]["Code"] == "ACCESS_DENIED"
    outcomes = [one["outcome"] for one in parts.audit.export() if one.get("job") == job_id]
    assert outcomes[:2] == ["ok", "AccessDeniedException"]


def test_roles_and_policies_decide_who_starts_and_who_looks(parts: Parts) -> None:
    job_id = start(parts)
    auditor = parts.keys.create("auditor", "auditor").holder
    assert parts.gate.call("get_media_analysis_job", {"JobId": job_id}, auditor)["JobId"] == job_id
    with pytest.raises(AccessDeniedException):
        start(parts, auditor)


def test_a_bucket_that_is_away_puts_the_job_off_and_blames_no_picture(
    parts: Parts, worker: Worker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job_id = start(parts)

    def away(*_: Any, **__: Any) -> bytes:
        raise InternalServerError("The bucket can't be reached. Try your call again.")

    with monkeypatch.context() as broken:
        broken.setattr(type(parts.stores.objects), "read", away)
        worker.run_one(FOREVER)
    assert get(parts, job_id)["Status"] == "IN_PROGRESS"
    assert results(tmp_path) == []


def test_a_pack_that_is_damaged_is_resource_not_ready(
    installed_pack: InstalledPack, nudenet_pack: InstalledPack, bucket: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / installed_pack.folder.name).symlink_to(installed_pack.folder)
    damaged = models / nudenet_pack.folder.name
    shutil.copytree(nudenet_pack.folder, damaged)
    (damaged / nudenet_pack.path("nudenet").name).write_bytes(b"no network")
    settings = Settings.load(
        {}, data=tmp_path / "data", buckets=f"videos={bucket}", output_buckets="videos", models=models
    )
    built = build(settings)
    try:
        job_id = start(built, OutputConfig={"S3Bucket": "videos"})
        leases = JobLeases(built.stores.jobs)
        Worker(built.stores.jobs, leases, lambda: built.gate, lease_seconds=60).run_one(FOREVER)
        details = get(built, job_id)["FailureDetails"]
        assert details["Code"] == "RESOURCE_NOT_READY"
        assert "regard models install nudenet" in details["Message"]
    finally:
        built.close()


def test_the_analysis_is_a_job_like_the_others() -> None:
    assert OPERATIONS["start_media_analysis_job"].analysis is media_analysis_run.run


def _stopped() -> Any:
    stop = threading.Event()
    stop.set()
    return stop
