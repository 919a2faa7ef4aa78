"""`regard jobs` and `regard worker`, as a person at the keyboard has them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.video.analyses import operations
from tests.video.servers import work
from tests.waiting import PATIENCE, wait_until

from regard.app import Parts, build
from regard.caller import LOCAL
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.packs.install import InstalledPack
from regard.settings import Settings

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "a.mp4").write_text(json.dumps({"steps": 2}))
    return folder


@pytest.fixture
def parts(installed_pack: InstalledPack, bucket: Path, tmp_path: Path) -> Iterator[Parts]:
    settings = Settings.load({}, data=tmp_path / "data", buckets=f"videos={bucket}")
    built = build(settings, operations=operations())
    yield built
    built.close()


@pytest.fixture
def job_id(parts: Parts) -> str:
    video = {"S3Object": {"Bucket": "videos", "Name": "a.mp4"}}
    request = {"Video": video, "JobTag": "holiday"}
    return str(parts.gate.call("start_label_detection", request, LOCAL, case="case 7")["JobId"])


def test_jobs_are_listed_shown_and_cancelled(regard: Run, job_id: str) -> None:
    listed = regard("jobs", "list").stdout
    assert listed.startswith(job_id)
    assert "StartLabelDetection  videos/a.mp4: waiting" in listed
    shown = regard("jobs", "show", job_id).stdout
    assert "StartLabelDetection of videos/a.mp4: waiting" in shown
    assert "by local (local), purpose general." in shown
    assert "Tag: holiday" in shown
    assert "Case: case 7" in shown
    assert "FAILED The job was cancelled." in regard("jobs", "cancel", job_id).stdout
    assert json.loads(regard("jobs", "show", job_id, "--json").stdout)["JobStatus"] == "FAILED"
    assert [job["JobId"] for job in json.loads(regard("jobs", "list", "--json").stdout)["Jobs"]] == [job_id]


def test_people_are_counted_as_a_table_or_json(regard: Run, parts: Parts, bucket: Path) -> None:
    walk = [[250 * n, 7, 0.4, n / 20 - 0.2, 0.1, 0.2] for n in range(20)]
    (bucket / "people").write_text(json.dumps({"tracks": walk, "duration": 6000}))
    video = {"S3Object": {"Bucket": "videos", "Name": "people"}}
    job_id = str(parts.gate.call("start_person_tracking", {"Video": video}, LOCAL)["JobId"])
    assert "still under way" in regard("jobs", "counts", job_id, code=1).stderr
    Worker(parts.stores.jobs, JobLeases(parts.stores.jobs), lambda: parts.gate, lease_seconds=60).run_one(
        threading.Event()
    )
    told = regard("jobs", "counts", job_id, "--line", "0,0.5,1,0.5", "--interval", "2.5").stdout
    rows = [line.split() for line in told.splitlines()]
    assert ["0:00:00", "1", "1", "0", "0"] in rows
    assert ["0:00:02.500", "1", "1", "1", "0"] in rows
    assert "1 person, 1 at once at most.\n1 entered, 0 left." in told
    assert "From first to last seen: half of them 4.8 s or less" in told
    assert "entries" not in regard("jobs", "counts", job_id).stdout
    whole = json.loads(regard("jobs", "counts", job_id, "--line", "0,0.5,1,0.5", "--json").stdout)
    assert (whole["Interval"], whole["Entries"], len(whole["Intervals"])) == (60_000, 1, 1)
    for line in ("0,0,1", "x,0,1,1", "0,0,nan,1"):
        assert "fractions of the frame" in regard("jobs", "counts", job_id, "--line", line, code=1).stderr
    assert "a number of seconds" in regard("jobs", "counts", job_id, "--interval", "inf", code=1).stderr


def test_a_job_that_is_not_there_is_one_sentence(regard: Run, job_id: str) -> None:
    assert "Could not find JobId: none" in regard("jobs", "show", "none", code=1).stderr


def test_a_folder_without_a_database_is_left_alone(regard: Run, tmp_path: Path) -> None:
    for command in (("jobs", "list"), ("worker",)):
        assert "no database of Regard" in regard(*command, "--data", tmp_path / "none", code=1).stderr
    assert not (tmp_path / "none").exists()


def test_a_worker_runs_what_waits_until_it_is_told_to_stop(
    regard: Run, parts: Parts, bucket: Path, job_id: str
) -> None:
    worker = work(parts.settings.data, bucket)
    wait_until(lambda: parts.stores.jobs.find(job_id).status != "IN_PROGRESS")
    assert parts.stores.jobs.find(job_id).status == "SUCCEEDED"
    shown = regard("jobs", "show", job_id).stdout
    assert "8 results, kept until" in shown
    worker.send_signal(signal.SIGINT)
    assert worker.wait(PATIENCE) == 0


def test_a_worker_loads_the_models_libraries_with_its_first_job(
    parts: Parts, bucket: Path, tmp_path: Path
) -> None:
    if not Path("/proc/self/maps").exists():
        pytest.skip("what a process has loaded is only seen on Linux")
    command = [sys.executable, "-m", "regard", "worker", "--data", str(parts.settings.data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as worker:
        maps = Path(f"/proc/{worker.pid}/maps")
        try:
            time.sleep(3)
            assert worker.poll() is None
            assert "cv2" not in maps.read_text()
            video = {"S3Object": {"Bucket": "videos", "Name": "a.mp4"}}
            parts.gate.call("start_label_detection", {"Video": video}, LOCAL)
            wait_until(lambda: "cv2" in maps.read_text())
        finally:
            worker.terminate()
        assert worker.wait(PATIENCE) == 0


def test_a_worker_that_is_told_to_stop_ends_well_though_its_server_goes_on(parts: Parts, job_id: str) -> None:
    command = [sys.executable, "-m", "regard", "worker", "--attached", "--data", str(parts.settings.data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        try:
            wait_until(lambda: _status(parts, job_id) != "IN_PROGRESS")  # so it works by now
        finally:
            worker.terminate()
        assert worker.stderr is not None
        assert b"Fatal Python error" not in worker.stderr.read()
        assert worker.wait(PATIENCE) == 0


def _status(parts: Parts, job_id: str) -> str:
    return str(parts.gate.call("get_label_detection", {"JobId": job_id}, LOCAL)["JobStatus"])
