"""A real Prometheus reads a server and its workers: no panel of the dashboard and no alert asks in vain."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from botocore.exceptions import ClientError

from regard.packs.install import InstalledPack
from tests.conftest import PICTURES, Server, stop_server
from tests.video.servers import serve, wait_for, work
from tests.waiting import PATIENCE, wait_until
from tests.wire.test_worker_figures import free_port

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
TOKEN: Final = "a token of the owner's"
LEASE: Final = 2
RATE: Final = "2m"  # for Grafana's $__rate_interval: several of our scrapes
# What has nothing to tell here, and why.
SILENT: Final = {
    "Pictures of streams a second (workers)": "no camera runs; tests/streams/test_worker.py counts them",
    "RegardErrors": "nothing failed by the server's fault",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("prometheus") is None, reason="Prometheus isn't installed (Debian: prometheus)"
    ),
]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus that runs."""

    address: str

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API. Raises OSError where it can't be reached or refuses."""
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[Any]:
        """The samples that an expression gives now."""
        found: list[Any] = self.ask("query", query=expression)["result"]
        return found

    def read(self) -> set[str]:
        """The addresses that it reads; none before it answers."""
        try:
            return {one["metric"]["instance"] for one in self.query("up == 1")}
        except (ConnectionError, urllib.error.URLError):
            return set()


@pytest.fixture(scope="module")
def site(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A server that has answered, refused and searched, and workers, of which one died within a job."""
    folder = tmp_path_factory.mktemp("prometheus")
    bucket = folder / "videos"
    bucket.mkdir()
    (bucket / "film").write_text(json.dumps({"steps": 60, "items": 1, "seconds": 0.1}))
    told: dict[str, Any] = {"metrics_token": TOKEN, "job_lease": LEASE}
    server = serve(folder / "data", bucket, **told)
    told["worker_metrics"] = free_port()
    workers = [work(server.data, bucket, **told)]
    places = [server.endpoint.removeprefix("http://"), f"127.0.0.1:{told['worker_metrics']}"]
    process, prometheus = start_prometheus(folder, places)
    try:
        wait_until(lambda: set(places) == prometheus.read())
        picture = {"Bytes": (PICTURES / "astronaut.jpg").read_bytes()}
        use(server, picture)
        video = {"S3Object": {"Bucket": "videos", "Name": "film"}}
        job = server.client().start_label_detection(Video=video)["JobId"]
        steps = "regard_job_step_seconds_count > 2"
        wait_until(lambda: prometheus.query(steps))
        workers[0].send_signal(signal.SIGKILL)
        workers[0].wait()
        workers.append(work(server.data, bucket, **told))
        assert wait_for(server.client(), job)["JobStatus"] == "SUCCEEDED"
        use(server, picture)
        wait_until(lambda: prometheus.query('regard_request_seconds_count{operation="DetectFaces"} > 1'))
        yield prometheus
    finally:
        process.terminate()
        for worker in workers:
            worker.terminate()
        for ended in (process, *workers):
            ended.wait(PATIENCE)
        stop_server(server)


def use(server: Server, picture: dict[str, bytes]) -> None:
    """Requests of every outcome that a caller can bring about."""
    client = server.client()
    name = f"people-{time.monotonic_ns()}"
    client.create_collection(CollectionId=name)
    client.index_faces(CollectionId=name, Image=picture)
    client.search_faces_by_image(CollectionId=name, Image=picture)
    client.detect_faces(Image=picture)
    with pytest.raises(ClientError, match="InvalidImageFormat"):
        client.detect_faces(Image={"Bytes": b"no picture"})


def start_prometheus(folder: Path, places: list[str]) -> tuple[subprocess.Popen[bytes], Prometheus]:
    """Prometheus with the alerts of deploy/, reading `places` once a second."""
    (folder / "token").write_text(TOKEN)
    scrape = {
        "job_name": "regard",
        "authorization": {"credentials_file": str(folder / "token")},
        "static_configs": [{"targets": places}],
    }
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [scrape],
        "rule_files": [str(DEPLOY / "prometheus" / "alerts.yml")],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    return process, Prometheus(f"http://127.0.0.1:{port}")


def panels() -> Iterator[tuple[str, str]]:
    """Each query of the dashboard, as Grafana would put it, with its panel's title."""
    for panel in json.loads((DEPLOY / "grafana" / "regard.json").read_text("utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            expression = target["expr"].replace("$__rate_interval", RATE)
            yield panel["title"], expression.replace("$instance", ".*")


def conditions() -> Iterator[tuple[str, str]]:
    """What each alert looks at, without the comparison that has it fire, with its name."""
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
    for rule in rules:
        yield rule["alert"], re.sub(r"\s[<>=]=?\s[\d.]+", "", rule["expr"])


@pytest.mark.parametrize(("name", "expression"), [*panels(), *conditions()])
def test_prometheus_has_an_answer(site: Prometheus, name: str, expression: str) -> None:
    found = {one["value"][1] for one in site.query(expression)}
    assert bool(found - {"NaN"}) == (name not in SILENT), expression


def test_the_alert_fires_for_the_worker_that_died_within_a_job_and_none_for_what_works(
    site: Prometheus,
) -> None:
    def states() -> dict[str, str]:
        return {
            rule["name"]: rule["state"]
            for group in site.ask("rules")["groups"]
            for rule in group["rules"]
            if rule["health"] == "ok"
        }

    assert set(states()) == {name for name, _ in conditions()}
    wait_until(lambda: states()["RegardWorkersDie"] == "firing")
    assert {name for name, state in states().items() if state == "firing"} == {"RegardWorkersDie"}
