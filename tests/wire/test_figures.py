"""`/metrics`: Prometheus reads it with the owner's token, and nobody without."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from regard.packs.install import InstalledPack
from tests.conftest import Server, start_server, stop_server

TOKEN = "a token of the owner's"


@pytest.fixture(scope="module")
def measured(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose figures may be read."""
    started = start_server(
        tmp_path_factory.mktemp("figures") / "data", environment={"REGARD_METRICS_TOKEN": TOKEN}
    )
    yield started
    stop_server(started)


def read(server: Server, token: str | None) -> str:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{server.endpoint}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def test_figures_are_counters_of_what_was_answered(measured: Server, portrait: Path) -> None:
    client = measured.client()
    client.detect_faces(Image={"Bytes": portrait.read_bytes()})
    client.create_collection(CollectionId="figures")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(read(measured, TOKEN))
        for sample in family.samples
    }
    of_faces = (("operation", "DetectFaces"), ("purpose", "general"))
    assert samples[("regard_requests_total", of_faces)] == 1
    assert samples[("regard_images_total", (("group", "2"), *of_faces))] == 1
    assert samples[("regard_collections", ())] == 1
    assert samples[("regard_work_seconds_total", of_faces)] > 0


@pytest.mark.parametrize("token", [None, "", "another", TOKEN[:-1]])
def test_without_the_token_nobody_reads_figures(measured: Server, token: str | None) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        read(measured, token)
    with caught.value as refused:
        assert refused.code == 401
        assert "regard_" not in refused.read().decode()


def test_there_are_no_figures_by_default(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        read(server, TOKEN)
    with caught.value as refused:
        assert refused.code == 404
