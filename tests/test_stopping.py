"""A server and its workers that are told to stop while there is work: real processes, real signals."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from regard.packs.install import InstalledPack
from regard.storage.database import Database
from tests.conftest import Server, start_server, stop_server
from tests.video.servers import serve, wait_for, work
from tests.waiting import PATIENCE, wait_until

ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE)
SLOW = {"steps": 4, "items": 1, "seconds": 8}
GRACE = 2


@pytest.fixture
def start(installed_pack: InstalledPack) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(*arguments: Any, **options: Any) -> Server:
        started.append(start_server(*arguments, **options))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            stop_server(server)


def probe(server: Server, path: str) -> tuple[int, str] | None:
    """A probe's status and what it says; None where nobody listens any more."""
    host, port = server.endpoint.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())["status"]
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def test_a_balancer_that_asks_readyz_loses_no_request_while_a_server_stops(
    start: Callable[..., Server], tmp_path: Path, portrait: Path
) -> None:
    server = start(tmp_path / "data", environment={"REGARD_STOP_GRACE": str(GRACE)})
    picture = {"Bytes": portrait.read_bytes()}
    failed: list[object] = []
    answered = [0] * 4

    def ask(at: int) -> None:
        """Sends one request after another, each once, on a connection that is kept, until readyz says no."""
        client = server.client(config=ONCE)
        while probe(server, "/readyz") == (200, "ok"):
            try:
                answered[at] += len(client.detect_faces(Image=picture)["FaceDetails"])
            except (BotoCoreError, ClientError) as error:
                failed.append(error)

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(len(answered))]
    for thread in threads:
        thread.start()
    wait_until(lambda: all(answered))
    before = sum(answered)
    told = time.monotonic()
    server.process.terminate()
    wait_until(lambda: probe(server, "/readyz") == (503, "stopping"), pause=0.01)
    assert time.monotonic() - told < GRACE / 2, "readyz says so at once"
    assert probe(server, "/healthz") == (200, "stopping"), "it lives: nobody shall kill it for that"
    late = server.client(config=ONCE).detect_faces(Image=picture)
    assert len(late["FaceDetails"]) == 1, "requests are taken while balancers have yet to notice"
    assert late["ResponseMetadata"]["HTTPHeaders"]["connection"] == "close"
    for thread in threads:
        thread.join(PATIENCE)
    assert (failed, server.process.wait(PATIENCE)) == ([], 0)
    assert time.monotonic() - told >= GRACE
    assert sum(answered) >= before
    assert probe(server, "/readyz") is None


@pytest.mark.slow
def test_a_request_that_does_not_end_in_time_is_told_to_try_again_later(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start(tmp_path / "data", environment={"REGARD_STOP_SECONDS": "1"})
    body = b"{}"
    signed = AWSRequest(
        "POST",
        server.endpoint + "/",
        data=body,
        headers={
            "Host": server.endpoint.removeprefix("http://"),
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "RekognitionService.ListCollections",
        },
    )
    SigV4Auth(Credentials(server.key_id, server.secret), "rekognition", "us-east-1").add_auth(signed)
    host, port = server.endpoint.removeprefix("http://").split(":")
    slow = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    slow.putrequest("POST", "/", skip_host=True)
    for name, value in {**dict(signed.headers), "Content-Length": "2"}.items():
        slow.putheader(name, value)
    slow.endheaders(body[:1])  # the rest never comes
    assert probe(server, "/readyz") == (200, "ok")  # by when the server has read the head of it
    server.process.terminate()
    answer = slow.getresponse()
    assert answer.status == 503
    assert answer.headers["x-amzn-errortype"].startswith("ServiceUnavailableException")
    assert json.loads(answer.read())["Message"].endswith("Try your call again.")
    slow.close()
    assert server.process.wait(PATIENCE) == 0


@pytest.mark.slow
def test_a_second_signal_ends_a_server_at_once(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start(tmp_path / "data", environment={"REGARD_STOP_GRACE": "600"})
    server.process.terminate()
    wait_until(lambda: probe(server, "/readyz") == (503, "stopping"))
    told = time.monotonic()
    server.process.terminate()
    assert server.process.wait(PATIENCE) == -signal.SIGTERM
    assert time.monotonic() - told < 5


@pytest.mark.slow
def test_a_server_waits_for_its_workers_as_long_as_they_have_and_ends_with_0(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    environment = {"REGARD_JOB_WORKERS": "1", "REGARD_STOP_SECONDS": "8"}
    server = start(tmp_path / "data", environment=environment)
    [worker] = children(server.process.pid)
    os.kill(worker, signal.SIGSTOP)  # in the middle of a step that would take longer
    told = time.monotonic()
    server.process.terminate()
    assert server.process.wait(PATIENCE) == 0
    assert time.monotonic() - told > 8
    assert not Path(f"/proc/{worker}").exists(), "it is left to run without its server"


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "slow").write_text(json.dumps(SLOW))
    (folder / "short").write_text(json.dumps({"steps": 200, "items": 1, "seconds": 0.1}))
    return folder


def children(process: int) -> list[int]:
    told = Path("/proc").glob(f"{process}/task/*/children")
    return [int(child) for one in told for child in one.read_text("ascii").split()]


def holder(server: Server) -> Any:
    database = Database.open(server.data)
    try:
        with database.read() as connection:
            return connection.exec_driver_sql("select holder, lease_until, fence, progress from jobs").one()
    finally:
        database.close()


def begin(server: Server, name: str) -> str:
    video = {"S3Object": {"Bucket": "videos", "Name": name}}
    return str(server.client().start_label_detection(Video=video)["JobId"])


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_leaves_its_job_to_the_next_within_a_step(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path
) -> None:
    server = serve(tmp_path / "data", bucket)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        job = begin(server, "short")
        first = work(server.data, bucket)
        processes.append(first)
        wait_until(lambda: holder(server).progress > 0)
        second = work(server.data, bucket)
        processes.append(second)
        began = holder(server).holder
        told = time.monotonic()
        first.terminate()
        wait_until(lambda: holder(server).holder not in (None, began), pause=0.05)
        assert time.monotonic() - told < 45, "before any lease, of 60 s, could have lapsed"
        assert first.wait(PATIENCE) == 0
        answer = wait_for(server.client(), job)
        assert answer["JobStatus"] == "SUCCEEDED"
    finally:
        for process in processes:
            process.terminate()
            process.wait(PATIENCE)
        stop_server(server)


@pytest.mark.slow
def test_a_step_that_takes_longer_than_a_worker_has_is_left_to_the_next_and_not_kept(
    installed_pack: InstalledPack, bucket: Path, tmp_path: Path
) -> None:
    server = serve(tmp_path / "data", bucket)
    try:
        begin(server, "slow")
        worker = work(server.data, bucket, stop_seconds=1)
        wait_until(lambda: holder(server).holder)
        told = time.monotonic()
        worker.terminate()
        assert worker.wait(PATIENCE) == 0
        assert time.monotonic() - told < SLOW["seconds"]
        left = holder(server)
        assert (left.holder, left.lease_until, left.fence, left.progress) == (None, 0, 2, 0)
    finally:
        stop_server(server)
