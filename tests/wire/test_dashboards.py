"""The dashboard and the alerts ask for what a real server exports, and promtool agrees with them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from regard.measurements import Measurements
from regard.packs.install import InstalledPack
from regard.wire.worker_figures import WorkerFigures
from tests.conftest import Server, start_server, stop_server

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "regard.json"
TOKEN = "a token of the owner's"
OF_PROMETHEUS = {"up"}
ADDED = {"instance", "job"}  # labels that Prometheus adds to all it reads


@pytest.fixture(scope="module")
def text(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a server exports that has answered, refused and searched."""
    folder = tmp_path_factory.mktemp("dashboards")
    server = start_server(folder / "data", environment={"REGARD_METRICS_TOKEN": TOKEN})
    try:
        picture = {"Bytes": (ROOT / "tests" / "pictures" / "astronaut.jpg").read_bytes()}
        client = server.client()
        client.create_collection(CollectionId="secret-collection")
        client.index_faces(CollectionId="secret-collection", Image=picture, ExternalImageId="secret-person")
        client.search_faces_by_image(CollectionId="secret-collection", Image=picture)
        with pytest.raises(ClientError):
            client.detect_faces(Image={"Bytes": b"no picture"})
        yield read(server)
    finally:
        stop_server(server)


def read(server: Server) -> str:
    request = urllib.request.Request(
        f"{server.endpoint}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def labels(text: str) -> dict[str, set[str]]:
    """The labels of each sample's name, of a server or of a worker."""
    found: dict[str, set[str]] = {}
    for told in (text, text_of_worker()):
        for family in text_string_to_metric_families(told):
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    return found


def text_of_worker() -> str:
    """What a worker exports that has done and lost some of everything."""
    measured, registry = Measurements(), CollectorRegistry()
    measured.networks.observe(0.01, "detector")
    measured.steps.observe(1.0, "StartLabelDetection")
    measured.leases_lost.add("job")
    measured.samples.add("FACE_SEARCH", "yes")
    registry.register(WorkerFigures(measured))
    return generate_latest(registry).decode()


def queries() -> list[str]:
    """Every query of the dashboard and of the alerts."""
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    asked += [one["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return asked + [rule["expr"] for group in groups for rule in group["rules"]]


def test_every_query_asks_for_what_a_server_exports(labels: dict[str, set[str]]) -> None:
    asked = queries()
    assert len(asked) > 30
    for query in asked:
        names = set(re.findall(r"\b(?:regard|process)_\w+", query)) | OF_PROMETHEUS & set(query.split("{"))
        assert names, query
        assert names - OF_PROMETHEUS <= set(labels), query
        known = ADDED.union(*(labels.get(name, set()) for name in names))
        grouped = {one.strip() for by in re.findall(r"by \(([^)]*)\)", query) for one in by.split(",")}
        matched = set(re.findall(r"(\w+)=~?\"", query))
        assert grouped | matched <= known, query


def test_no_label_tells_who_or_what_was_seen(text: str, labels: dict[str, set[str]]) -> None:
    assert "secret" not in text
    assert set().union(*labels.values()) <= {
        "le", "operation", "outcome", "purpose", "group", "status", "state", "network", "lane",
        "kind", "examined",
        "version", "python", "onnxruntime",
        "implementation", "major", "minor", "patchlevel", "generation",
    }  # fmt: skip


def value(text: str, name: str, **having: str) -> float:
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and having.items() <= sample.labels.items()
    )


def test_requests_are_counted_by_outcome_and_their_parts_are_timed(text: str) -> None:
    assert value(text, "regard_request_seconds_count", operation="IndexFaces", outcome="ok") == 1
    assert value(text, "regard_request_seconds_count", operation="DetectFaces", outcome="refused") == 1
    assert value(text, "regard_request_seconds_bucket", operation="IndexFaces", le="+Inf") == 1
    assert value(text, "regard_network_seconds_count") > 2
    assert value(text, "regard_decode_seconds_count") == 2
    assert value(text, "regard_search_seconds_count") == 1
    assert value(text, "regard_ready") == 1
    assert value(text, "regard_indexes_followed_seconds") < 30
    assert value(text, "regard_audit_records_total") >= 4
    assert value(text, "regard_streams", status="RUNNING") == 0
    assert value(text, "process_resident_memory_bytes") > 100e6


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool isn't installed (Debian: prometheus)")
@pytest.mark.parametrize(
    "arguments",
    [("check", "rules", str(ALERTS)), ("test", "rules", str(ALERTS.with_suffix(".test.yml")))],
    ids=["check", "test"],
)
def test_promtool_agrees_with_the_alerts(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool isn't installed (Debian: prometheus)")
def test_promtool_finds_nothing_to_mend_in_the_figures(text: str) -> None:
    for told in (text, text_of_worker()):
        done = subprocess.run(["promtool", "check", "metrics"], input=told, capture_output=True, text=True)
        lines = [line for line in done.stderr.splitlines() if line.startswith("regard_")]
        assert lines == []


def test_the_panels_lie_side_by_side(labels: dict[str, set[str]]) -> None:
    panels: list[dict[str, Any]] = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels]
    assert len(set(places)) == len(places)
    assert len({one["id"] for one in panels}) == len(panels)
