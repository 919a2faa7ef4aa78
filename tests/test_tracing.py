"""Traces of a real server and a real worker, in OpenTelemetry's in-memory exporter; and none by default."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import timeit
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.exceptions import ClientError

from regard import tracing
from regard.app import Parts, asgi
from regard.jobs.leases import JobLeases
from regard.jobs.worker import Worker
from regard.storage.database import Database
from tests.streams.test_worker import Site
from tests.waiting import wait_until

exporters = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SENT = ("traceparent", PARENT)
KNOWN = {"regard.request_id", "regard.outcome", "regard.job", "rpc.method", "network", "error.type"}


@pytest.fixture
def spans() -> Iterator[Any]:
    """What this process traces."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    exporter, provider = exporters.InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield exporter
    tracing.use(None)
    provider.shutdown()


@pytest.fixture
def client(parts: Parts) -> Iterator[Any]:
    """boto3, which sends a traceparent, and a server of these parts."""
    key = parts.keys.find(parts.keys.create("a", "admin").holder.key_id)
    assert key is not None
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(asgi(parts), ws="none", lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: server.started)
        made = boto3.client(
            "rekognition",
            endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            region_name="us-east-1",
            aws_access_key_id=key.holder.key_id,
            aws_secret_access_key=key.secret,
        )
        made.meta.events.register(
            "before-sign.rekognition.*",
            lambda request, **_: request.headers.add_header("traceparent", PARENT),
        )
        yield made
        server.should_exit = True
        thread.join()


def by_name(spans: Any) -> dict[str, Any]:
    return {span.name: span for span in spans.get_finished_spans()}


def test_a_request_s_trace_goes_from_the_client_to_networks_and_the_database(
    spans: Any, client: Any, portrait: Path
) -> None:
    client.create_collection(CollectionId="secret-collection")
    answer = client.index_faces(
        CollectionId="secret-collection",
        Image={"Bytes": portrait.read_bytes()},
        ExternalImageId="secret-person",
    )
    wait_until(lambda: "IndexFaces" in by_name(spans))
    found = {span.name: span for span in spans.get_finished_spans() if span.name != "CreateCollection"}
    assert {"IndexFaces", "gate", "operation", "network", "database read", "database write"} <= set(found)
    assert {span.context.trace_id for span in found.values()} == {int(PARENT.split("-")[1], 16)}
    assert found["IndexFaces"].parent.span_id == int(PARENT.split("-")[2], 16)
    assert found["operation"].parent.span_id == found["gate"].context.span_id
    assert found["gate"].parent.span_id == found["IndexFaces"].context.span_id
    assert found["IndexFaces"].attributes["regard.request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert found["IndexFaces"].attributes["regard.outcome"] == "ok"


def test_no_attribute_tells_who_or_what_was_seen_and_an_error_is_its_code(
    spans: Any, client: Any, portrait: Path
) -> None:
    with pytest.raises(ClientError):
        client.search_faces_by_image(CollectionId="secret-collection", Image={"Bytes": portrait.read_bytes()})
    wait_until(lambda: "SearchFacesByImage" in by_name(spans))
    told = list(spans.get_finished_spans())
    assert {name for span in told for name in span.attributes} <= KNOWN
    assert "secret" not in "".join(span.to_json() for span in told)
    assert by_name(spans)["gate"].attributes["error.type"] == "ResourceNotFoundException"
    assert all(span.status.is_unset and not span.events for span in told)


def test_a_job_s_trace_is_its_own_and_linked_to_the_request_that_started_it(
    spans: Any, client: Any, parts: Parts
) -> None:
    video = {"S3Object": {"Bucket": "photos", "Name": "gravel.jpg"}}  # no video: the job fails at once
    client.start_label_detection(Video=video)
    wait_until(lambda: "StartLabelDetection" in by_name(spans))
    store = parts.stores.jobs
    assert Worker(store, JobLeases(store), lambda: parts.gate, lease_seconds=60).run_one(threading.Event())
    job = by_name(spans)["job"]
    assert job.parent is None
    assert job.attributes["rpc.method"] == "start_label_detection"
    [link] = job.links
    assert link.context.trace_id == int(PARENT.split("-")[1], 16)
    assert link.context.trace_id != job.context.trace_id


def test_each_picture_of_a_camera_is_a_trace_that_names_its_session_and_its_start(
    spans: Any, tmp_path: Path
) -> None:
    database = Database.open(tmp_path)
    site = Site(database, tmp_path)
    stream = site.start("door")
    with site.working():
        wait_until(lambda: len(site.gate.taken.get("door", [])) >= 2)
    database.close()
    samples = [span for span in spans.get_finished_spans() if span.name == "sample"]
    assert len({one.context.trace_id for one in samples}) == len(site.gate.taken["door"])
    assert {one.parent for one in samples} == {None}
    told = {"regard.session": stream.session, "regard.request_id": stream.request_id}
    assert all(dict(one.attributes) == told for one in samples)
    kept = [span for span in spans.get_finished_spans() if span.name == "database write" and span.parent]
    assert {one.parent.span_id for one in kept} <= {one.context.span_id for one in samples}
    assert kept, "what is kept of a picture is within its trace"


def test_a_line_of_the_log_names_the_trace_that_it_belongs_to(spans: Any) -> None:
    with tracing.span("work") as opened:
        event = tracing.add_trace_id(None, "info", {"event": "x"})
    assert event["trace_id"] == f"{opened.get_span_context().trace_id:032x}"
    assert "trace_id" not in tracing.add_trace_id(None, "info", {"event": "x"})


def test_without_an_exporter_nothing_is_traced_imported_or_slower() -> None:
    program = (
        "import sys; from regard import tracing; tracing.configure('x');\n"
        "with tracing.span('a', network='b'): assert tracing.traceparent() is None\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []

    def traced() -> None:
        with tracing.span("network", network="x"):
            pass

    assert min(timeit.repeat(traced, number=1000, repeat=5)) < 0.02, "20 microseconds, on the slowest machine"
