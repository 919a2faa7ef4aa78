"""Workers and servers that are killed at any moment: a job's result is what an undisturbed run gives."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regard.governance.audit import AuditLog
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from tests.conftest import Server, stop_server
from tests.video.servers import serve, wait_for, work
from tests.waiting import PATIENCE, wait_until

STEPS = 60
WHAT = {"steps": STEPS, "items": 5, "seconds": 0.02}
LEASE = 2


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "a").write_text(json.dumps(WHAT))
    (folder / "deadly").write_text(json.dumps({"steps": 4, "kill": 2}))
    (folder / "long").write_text(json.dumps({"seconds": 3 * LEASE}))
    (folder / "slow").write_text(json.dumps({"steps": 3, "seconds": 1}))
    return folder


@pytest.fixture
def start(installed_pack: InstalledPack, bucket: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(**settings: Any) -> Server:
        started.append(serve(tmp_path / "data", bucket, job_lease=LEASE, **settings))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            stop_server(server)


def begin(client: Any, name: str = "a") -> str:
    video = {"S3Object": {"Bucket": "videos", "Name": name}}
    return str(client.start_label_detection(Video=video)["JobId"])


def results(client: Any, job_id: str) -> dict[str, list[Any]]:
    answer = wait_for(client, job_id)
    assert answer["JobStatus"] == "SUCCEEDED", answer
    return {
        view: client.get_label_detection(JobId=job_id, AggregateBy=view)["Labels"]
        for view in ("TIMESTAMPS", "SEGMENTS")
    }


def progress(data: Path, job_id: str) -> float:
    database = Database.open(data)
    try:
        with database.read() as connection:
            query = "select progress from jobs where job_id = ?"
            return float(connection.exec_driver_sql(query, (job_id,)).scalar() or 0)
    finally:
        database.close()


def fences(data: Path) -> set[int]:
    """How many leases each job has had."""
    database = Database.open(data)
    try:
        with database.read() as connection:
            return set(connection.exec_driver_sql("select fence from jobs").scalars())
    finally:
        database.close()


def check_audit(data: Path) -> None:
    database = Database.open(data)
    AuditLog(database).verify()
    database.close()


@pytest.mark.slow
def test_a_worker_that_is_killed_at_random_moments_leaves_a_whole_result(
    start: Callable[..., Server], bucket: Path, tmp_path: Path
) -> None:
    seed = int(os.environ.get("REGARD_TEST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"REGARD_TEST_SEED={seed}")
    moments = random.Random(seed)
    server = start()
    client = server.client()
    undisturbed, disturbed = begin(client), begin(client)
    first = work(server.data, bucket, job_lease=LEASE)
    expected = results(client, undisturbed)
    first.terminate()
    assert first.wait(PATIENCE) == 0
    assert {view: len(found) for view, found in expected.items()} == dict.fromkeys(expected, STEPS * 5)
    kills = 0
    while client.get_label_detection(JobId=disturbed)["JobStatus"] == "IN_PROGRESS" and kills < 6:
        before = progress(server.data, disturbed)
        worker = work(server.data, bucket, job_lease=LEASE)
        wait_until(lambda: progress(server.data, disturbed) != before, pause=0.01)  # noqa: B023
        time.sleep(moments.uniform(0, 0.3))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        kills += 1
    assert kills > 1
    last = work(server.data, bucket, job_lease=LEASE)
    assert results(client, disturbed) == expected
    last.terminate()
    last.wait(PATIENCE)
    check_audit(server.data)


def test_a_server_that_is_killed_takes_its_worker_along_and_the_next_goes_on(
    start: Callable[..., Server],
) -> None:
    server = start(job_workers=1)
    job_id = begin(server.client())
    while not (before := progress(server.data, job_id)) > 0:
        time.sleep(0.02)
    children = subprocess.run(
        ["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    again = start(job_workers=1)
    assert progress(again.data, job_id) >= before
    found = results(again.client(), job_id)["TIMESTAMPS"]
    assert [one["Timestamp"] for one in found] == sorted(40 * at for at in range(STEPS) for _ in range(5))
    check_audit(again.data)


@pytest.mark.slow
def test_a_video_that_kills_its_worker_fails_and_takes_no_server_down(start: Callable[..., Server]) -> None:
    server = start(job_workers=1, job_attempts=2)
    client = server.client()
    deadly = begin(client, "deadly")
    answer = wait_for(client, deadly)
    assert answer["JobStatus"] == "FAILED"
    assert answer["StatusMessage"].startswith(
        "The analysis was tried 2 times and got no further than 50%: the worker stopped"
    )
    assert len(results(client, begin(client))["TIMESTAMPS"]) == STEPS * 5


@pytest.mark.slow
def test_a_server_that_is_told_to_stop_lets_its_worker_finish_the_step(start: Callable[..., Server]) -> None:
    server = start(job_workers=1)
    job_id = begin(server.client(), "slow")
    database = Database.open(server.data)

    def state() -> Any:
        with database.read() as connection:
            return connection.exec_driver_sql(
                "select holder, progress, attempts, lease_until from jobs"
            ).one()

    while state().holder is None:
        time.sleep(0.02)
    time.sleep(0.3)  # well into the first step, which takes a second
    stop_server(server)
    left = state()
    assert (left.holder, left.attempts, left.lease_until) == (None, 0, 0)
    assert 0 < left.progress < 1
    database.close()
    assert len(results(start(job_workers=1).client(), job_id)["TIMESTAMPS"]) == 6


@pytest.mark.slow
def test_a_step_that_is_longer_than_a_lease_stays_with_its_worker(start: Callable[..., Server]) -> None:
    server = start(job_workers=2)
    job_id = begin(server.client(), "long")
    assert len(results(server.client(), job_id)["TIMESTAMPS"]) == 2
    assert fences(server.data) == {1}


@pytest.mark.slow
def test_two_workers_share_the_jobs_and_neither_doubles_anything(
    start: Callable[..., Server], bucket: Path
) -> None:
    server = start(job_workers=2)
    client = server.client()
    started = [begin(client) for _ in range(4)]
    found = [results(client, job_id) for job_id in started]
    assert all(one == found[0] for one in found)
    assert len(found[0]["TIMESTAMPS"]) == STEPS * 5
    assert fences(server.data) == {1}
