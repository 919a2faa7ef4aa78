"""`/metrics` of workers: at a port of their own, for the server's token, of what they did."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection

from regard.cli.worker_metrics import telling
from regard.errors import RegardError
from regard.jobs.leases import JobLeases
from regard.jobs.records import Job, Step
from regard.jobs.store import JobStore
from regard.jobs.worker import Worker
from regard.measurements import Measurements
from regard.packs.install import InstalledPack
from regard.settings import Settings
from regard.storage.database import Database
from tests.conftest import stop_server
from tests.contracts.jobs.made import lapse, new_job, step, take
from tests.video.servers import serve, wait_for, work
from tests.waiting import PATIENCE

TOKEN = "a token of the owner's"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def settings(place: object, **others: str) -> Settings:
    return Settings.load({}, worker_metrics=str(place), **({"metrics_token": TOKEN} | others))


def read(port: int, token: str | None = TOKEN) -> dict[tuple[str, ...], float]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_worker_tells_what_it_measured_to_the_token_alone_and_as_long_as_it_works() -> None:
    measured, port = Measurements(), free_port()
    with telling(settings(port), measured, attached=False):
        measured.networks.observe(0.01, "detector")
        measured.leases_lost.add("stream")
        measured.samples.add("LABELS", "no")
        measured.tasks.done.observe(2.0, "stretch")
        measured.tasks.failed.add("stretch")
        measured.tasks.bytes.add("stretch", "sent", count=300)
        told = read(port)
        assert told["regard_network_seconds_count", "detector"] == 1
        assert told["regard_leases_lost_total", "stream"] == 1
        assert told["regard_stream_samples_total", "no", "LABELS"] == 1
        assert told["regard_task_seconds_sum", "stretch"] == 2
        assert told["regard_tasks_failed_total", "stretch"] == 1
        assert told["regard_task_bytes_total", "stretch", "sent"] == 300
        assert told[("process_resident_memory_bytes",)] > 0
        for wrong in (None, TOKEN[:-1]):
            with pytest.raises(urllib.error.HTTPError) as caught:
                read(port, wrong)
            with caught.value as refused:
                assert refused.code == 401
    with pytest.raises(urllib.error.URLError, match="refused"):
        read(port)


def test_a_worker_listens_on_the_loopback_unless_it_is_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound: list[str] = []
    create = socket.create_server

    def noted(address: tuple[str, int], **options: object) -> socket.socket:
        bound.append(address[0])
        return create(("127.0.0.1", 0))

    monkeypatch.setattr("regard.wire.worker_figures.socket.create_server", noted)
    for place in ("9101", "192.0.2.7:9101", "[::1]:9101"):
        with telling(settings(place), Measurements(), attached=False):
            pass
    assert bound == ["127.0.0.1", "192.0.2.7", "::1"]


def test_workers_that_a_server_starts_do_not_want_the_port_and_none_is_wanted_by_default() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with telling(settings(port), Measurements(), attached=True):
            pass
        with telling(Settings.load({}), Measurements(), attached=False):
            pass
        with (
            pytest.raises(
                RegardError,
                match=r"\(Address already in use\); each worker of a machine takes a port of its own",
            ),
            telling(settings(port), Measurements(), attached=False),
        ):
            pass


@pytest.mark.parametrize(
    ("place", "token", "words"),
    [
        ("metrics", TOKEN, "must be PORT or HOST:PORT, not 'metrics'"),
        ("70000", TOKEN, "must be PORT or HOST:PORT"),
        ("127.0.0.1:", TOKEN, "must be PORT or HOST:PORT"),
        ("9101", "", "takes REGARD_METRICS_TOKEN"),
    ],
)
def test_a_wrong_place_or_none_who_may_read_is_a_sentence(place: str, token: str, words: str) -> None:
    chosen = settings(place, metrics_token=token)
    with pytest.raises(RegardError, match=words), telling(chosen, Measurements(), attached=False):
        pass


@dataclass
class MadeRunner:
    """Gives two steps; before the second, where it is told to, another worker takes the job."""

    leases: JobLeases
    database: Database
    is_taken: bool = False

    def run_job(self, job: Job) -> Iterator[Step]:
        yield step(at=1)
        if self.is_taken:
            lapse(self.database)
            take(self.leases, "another")
        yield step(at=2, progress=1.0)

    def may_keep(self, job: Job, connection: Connection) -> None: ...


def test_steps_of_jobs_are_timed_by_operation_and_a_lease_that_is_lost_is_counted(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    store = JobStore(database)
    leases, measured = JobLeases(store), Measurements()
    runner = MadeRunner(leases, database)
    worker = Worker(store, leases, lambda: runner, lease_seconds=60, measurements=measured)
    store.start(new_job())
    assert worker.run_one(threading.Event())
    [(labels, steps)] = measured.steps.read().items()
    assert (labels, sum(steps.counts)) == (("StartLabelDetection",), 2)
    assert sum(measured.leases_lost.read().values()) == 0
    runner.is_taken = True
    store.start(new_job())
    assert worker.run_one(threading.Event())
    assert sum(measured.steps.read()[labels].counts) == 3, "the step that nobody keeps is none"
    assert measured.leases_lost.read() == {("job",): 1, ("stream",): 0}
    database.close()


def test_a_job_whose_worker_died_is_counted_by_the_worker_that_takes_it_over(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    store = JobStore(database)
    leases, measured = JobLeases(store), Measurements()
    runner = MadeRunner(leases, database)
    worker = Worker(store, leases, lambda: runner, lease_seconds=60, measurements=measured)
    store.start(new_job())
    leases.give_back(take(leases, "one that was told to stop"))
    assert worker.run_one(threading.Event())
    assert measured.leases_taken_over.read() == {("job",): 0, ("stream",): 0}
    store.start(new_job())
    take(leases, "one that dies")
    lapse(database)
    assert worker.run_one(threading.Event())
    assert measured.leases_taken_over.read() == {("job",): 1, ("stream",): 0}
    database.close()


@pytest.mark.slow
def test_a_real_worker_tells_its_steps_and_ends_in_good_order(
    installed_pack: InstalledPack, tmp_path: Path
) -> None:
    bucket = tmp_path / "videos"
    bucket.mkdir()
    (bucket / "short").write_text(json.dumps({"steps": 3, "items": 1, "seconds": 0.1}))
    server, port = serve(tmp_path / "data", bucket), free_port()
    worker = work(server.data, bucket, worker_metrics=port, metrics_token=TOKEN)
    try:
        video = {"S3Object": {"Bucket": "videos", "Name": "short"}}
        job = server.client().start_label_detection(Video=video)["JobId"]
        assert wait_for(server.client(), job)["JobStatus"] == "SUCCEEDED"
        assert read(port)["regard_job_step_seconds_count", "StartLabelDetection"] == 3
    finally:
        worker.terminate()
        status = worker.wait(PATIENCE)
        stop_server(server)
    assert status == 0
