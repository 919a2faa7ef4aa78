"""Regard's own API, called by boto3 and the AWS CLI with the model that `regard api-model` installs."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import jsonschema
import pytest
from botocore.exceptions import ClientError, EndpointResolutionError, ParamValidationError
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.conftest import Server, start_server, stop_server
from tests.signed import Signed

from regard.api.model import REGARD, load_api
from regard.governance.presence import Presence
from regard.jobs.leases import JobLeases
from regard.jobs.records import Item, Status, Step
from regard.jobs.store import JobStore
from regard.operations import OPERATIONS
from regard.operations.operation import Area
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.streams.events import EventKind, NewEvent, StreamEvents
from regard.streams.leases import StreamLeases
from regard.streams.live_view import LiveViewServer
from regard.streams.steps import NOTHING

VIDEO = {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}
SECONDS = 20

Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def server(installed_pack: InstalledPack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a worker."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "film.mp4").write_bytes(b"never opened")
    started = start_server(tmp_path_factory.mktemp("server") / "data", "--bucket", f"films={folder}")
    yield started
    stop_server(started)


@pytest.fixture(scope="module")
def counted(server: Server) -> str:
    """A job that has followed one person, who walks down through the picture."""
    job_id = server.client().start_person_tracking(Video=VIDEO, JobTag="walk")["JobId"]
    database = Database.open(server.data)
    leases = JobLeases(JobStore(database))
    lease = leases.take("the tests")
    assert lease is not None
    items = [
        Item(1000 * second, f"{second:06}", {"Timestamp": 1000 * second, "Person": person(second / SECONDS)})
        for second in range(SECONDS)
    ]
    video = {"DurationMillis": 1000 * SECONDS, "FrameWidth": 1600, "FrameHeight": 900}
    leases.commit(lease, Step(items, {}, 1.0, {"VideoMetadata": video}))
    leases.finish(lease, Status.SUCCEEDED)
    database.close()
    return str(job_id)


@pytest.fixture(scope="module")
def waiting(server: Server, counted: str) -> str:
    """A job that no worker has taken."""
    return str(server.client().start_label_detection(Video=VIDEO)["JobId"])


def person(down: float) -> dict[str, Any]:
    return {"Index": 0, "BoundingBox": {"Left": 0.4, "Top": down - 0.2, "Width": 0.1, "Height": 0.2}}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home in which the model is installed."""
    folder = tmp_path_factory.mktemp("home")
    told = subprocess.run(
        [sys.executable, "-m", "regard", "api-model", "--install"],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(folder / ".aws/models/regard") in told.stdout.replace("\n", "")
    return folder


@pytest.fixture
def environment(server: Server, home: Path) -> dict[str, str]:
    """That of a program of that user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "HOME": str(home),
        "AWS_SHARED_CREDENTIALS_FILE": str(server.credentials_file),
        "AWS_REGION": "us-east-1",
        "AWS_PAGER": "",
    }


@pytest.fixture
def client(server: Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An unmodified `boto3.client("regard")`."""
    monkeypatch.setenv("AWS_DATA_PATH", str(home / ".aws/models"))
    return connect(server, endpoint_url=server.endpoint)


def connect(server: Server, **options: Any) -> Any:
    keys = {"aws_access_key_id": server.key_id, "aws_secret_access_key": server.secret}
    return boto3.session.Session().client("regard", region_name="eu-west-1", **keys, **options)


@pytest.fixture
def aws(server: Server, environment: dict[str, str]) -> Aws:
    """Runs `aws regard …`; gives its JSON. Raises CalledProcessError."""
    if importlib.util.find_spec("awscli") is None:
        pytest.skip("awscli is not installed; `pip install regard[dev]` brings it")

    def run(*arguments: str) -> Any:
        command = [sys.executable, "-W", "ignore", "-m", "awscli", "--endpoint-url", server.endpoint]
        done = subprocess.run(
            [*command, "--output", "json", "regard", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return json.loads(done.stdout)

    return run


def test_boto3_calls_each_operation(client: Any, counted: str) -> None:
    job = client.get_job(JobId=counted)["Job"]
    assert (job["JobStatus"], job["API"], job["JobTag"]) == ("SUCCEEDED", "StartPersonTracking", "walk")
    assert (job["Video"], job["Progress"], job["Running"], job["Results"]) == (VIDEO, 1.0, False, SECONDS)
    assert isinstance(job["Created"], datetime)
    assert job["Created"] <= job["Finished"] < job["Expires"]
    assert counted in [one["JobId"] for one in client.list_jobs()["Jobs"]]

    counts = client.get_job_counts(JobId=counted, Interval=10_000, Line=[0, 0.5, 1, 0.5])
    assert [one["Start"] for one in counts["Intervals"]] == [0, 10_000]
    assert (counts["MostAtOnce"], counts["Entries"], counts["Exits"]) == (1, 1, 0)
    assert counts["Line"] == [0, 0.5, 1, 0.5]
    assert counts["Dwell"]["Quantiles"]["0.5"] == counts["Persons"][0]["Last"]
    assert client.cancel_job(JobId=counted)["Job"]["JobStatus"] == "SUCCEEDED"  # it has ended already


def test_boto3_is_told_what_was_used_and_what_it_would_have_cost(
    server: Server, client: Any, portrait: Path
) -> None:
    before = client.get_usage(Prices="seed")
    server.client().detect_faces(Image={"Bytes": portrait.read_bytes()})
    after = client.get_usage(From=before["From"], To=before["To"], By="operation", Prices="seed")
    [row] = [one for one in after["Rows"] if one["Name"] == "DetectFaces"]
    assert row["Usage"]["ImagesOfGroup2"] == before["Total"]["ImagesOfGroup2"] + 1
    assert (after["Prices"]["Currency"], after["Prices"]["Charges"][0]["Free"]) == ("USD", 1)


def test_boto3_pages_with_its_paginator(client: Any, counted: str, waiting: str) -> None:
    pages = list(client.get_paginator("list_jobs").paginate(PaginationConfig={"PageSize": 1}))
    assert [len(page["Jobs"]) for page in pages] == [1] * len(pages)
    found = [page["Jobs"][0]["JobId"] for page in pages]
    assert found.index(waiting) < found.index(counted)  # the newest first


def test_errors_are_boto3_s_own_exceptions(client: Any, waiting: str) -> None:
    with pytest.raises(
        client.exceptions.ResourceNotFoundException, match="Could not find JobId: none"
    ) as lost:
        client.get_job(JobId="none")
    assert lost.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(client.exceptions.InvalidParameterException, match="jobs of StartPersonTracking"):
        client.get_job_counts(JobId=waiting)
    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        client.list_jobs(NextToken="none of ours")
    with pytest.raises(
        client.exceptions.ValidationException, match="1 validation error detected: Value 'a b' at"
    ):
        client.get_job(JobId="a b")


def test_the_model_s_constraints_are_known_to_boto3(client: Any) -> None:
    for request in ({}, {"JobId": 1}, {"JobId": "a", "Unknown": 1}):
        with pytest.raises(ParamValidationError):
            client.get_job(**request)


def test_a_wrong_key_is_refused(server: Server, client: Any) -> None:
    wrong = boto3.session.Session().client(
        "regard",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.key_id,
        aws_secret_access_key="wrong",
    )
    with pytest.raises(ClientError) as refused:
        wrong.list_jobs()
    assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_without_an_address_nothing_is_sent(server: Server, client: Any) -> None:
    with pytest.raises(EndpointResolutionError, match="a server of your own"):
        connect(server).list_jobs()


def test_boto3_finds_the_installed_model_by_itself(
    server: Server, environment: dict[str, str], counted: str
) -> None:
    script = "import boto3; print([job['JobId'] for job in boto3.client('regard').list_jobs()['Jobs']])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"AWS_ENDPOINT_URL_REGARD": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert counted in done.stdout


def test_the_aws_cli_calls_each_operation(aws: Aws, counted: str, waiting: str) -> None:
    assert {counted, waiting} <= {job["JobId"] for job in aws("list-jobs", "--page-size", "1")["Jobs"]}
    assert len(aws("list-jobs", "--max-items", "1")["Jobs"]) == 1
    assert aws("get-job", "--job-id", counted)["Job"]["JobTag"] == "walk"
    counts = aws("get-job-counts", "--job-id", counted, "--line", "0", "0.5", "1", "0.5")
    assert counts["Entries"] == 1
    assert aws("cancel-job", "--job-id", waiting)["Job"]["StatusMessage"] == "The job was cancelled."


def test_the_aws_cli_tells_an_error(aws: Aws) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        aws("get-job", "--job-id", "none")
    assert "(ResourceNotFoundException) when calling the GetJob operation" in refused.value.stderr


@pytest.fixture(scope="module")
def description(server: Server) -> dict[str, Any]:
    """What the server says of itself, unsigned."""
    with urllib.request.urlopen(f"{server.endpoint}/regard/v1/openapi.json") as answer:
        assert answer.headers["Content-Type"] == "application/json"
        read: dict[str, Any] = json.load(answer)
        return read


def test_the_server_describes_its_api_in_valid_openapi(description: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(description).validate()
    described = {
        (method.upper(), path): operation["operationId"]
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    assert described == {(one.method, one.path): one.name for one in load_api(REGARD).operations.values()}


def test_answers_are_as_they_are_described(
    description: dict[str, Any], client: Any, server: Server, counted: str, waiting: str, portrait: Path
) -> None:
    """Those that take nobody; what takes people is held to its description by `tests.responsible.Office`."""
    answers: dict[str, Any] = {}
    client.meta.events.register(
        "after-call.regard",
        lambda http_response, model, **_: answers.update({model.name: json.loads(http_response.content)}),
    )
    call_each_operation(client, counted, waiting, portrait)
    call_each_of_streams(client, server)
    call_each_of_liveness(client, server)
    unattended = {
        one.name
        for one in OPERATIONS.values()
        if one.is_own
        and not one.is_local
        and one.area is not Area.RESPONSIBLE_USE
        and one.presence is not Presence.SESSION  # which takes a person
    }
    assert set(answers) == unattended, "call_each_operation leaves one out"
    for name, answer in answers.items():
        held(description, f"{name}Response", answer)
        assert answer.keys() <= description["components"]["schemas"][f"{name}Response"]["properties"].keys()


def call_each_operation(client: Any, counted: str, waiting: str, portrait: Path) -> None:
    client.list_jobs(MaxResults=1)
    client.get_job(JobId=counted)
    client.get_job_counts(JobId=counted, Line=[0, 0.5, 1, 0.5])
    client.cancel_job(JobId=waiting)
    key_id = client.create_key(Name="auditor", Role="auditor")["KeyId"]
    client.list_keys()
    client.suspend_key(KeyId=key_id)
    client.resume_key(KeyId=key_id)
    celebrity = client.put_celebrity(Name="Eileen Collins", Images=[{"Bytes": portrait.read_bytes()}])
    client.list_celebrities()
    client.delete_celebrity(Id=celebrity["Id"])
    client.list_audit_records(MaxResults=5)
    client.search_audit_records(Operation="ListAuditRecords", MaxResults=5)
    client.verify_audit_log()
    head = client.get_audit_head()["Sequence"]
    client.list_audit_days()
    client.get_audit_proof(Sequence=head)
    client.get_audit_receipt(Record=str(head))
    client.get_usage(By="key", Prices="aws-us-east-1-2026")
    client.set_quota(Holder=key_id, RequestsPerSecond=50)
    client.list_quotas()


def call_each_of_liveness(client: Any, server: Server) -> None:
    key = {"aws_access_key_id": server.key_id, "aws_secret_access_key": server.secret}
    rekognition = boto3.client("rekognition", endpoint_url=server.endpoint, region_name="us-east-1", **key)
    session_id = rekognition.create_face_liveness_session()["SessionId"]
    client.create_face_liveness_credentials(SessionId=session_id)


def call_each_of_streams(client: Any, server: Server) -> None:
    """What is told of a camera, and of an event, which the test has seen in a worker's place."""
    rekognition = server.client()
    rekognition.create_collection(CollectionId="staff")
    rekognition.create_stream_processor(
        Name="porch",
        RoleArn="arn:aws:iam::123456789012:role/r",
        Input={"KinesisVideoStream": {"Arn": "rtsp://127.0.0.1/1"}},
        Output={"KinesisDataStream": {"Arn": "https://example.org/records"}},
        Settings={"FaceSearch": {"CollectionId": "staff"}},
    )
    rekognition.start_stream_processor(Name="porch")
    database = Database.open(server.data)
    leases = StreamLeases(database)
    [lease] = leases.take("the tests", 1)
    face = {"Similarity": 99.6, "Face": {"FaceId": "f-1", "ExternalImageId": "eve"}}
    box = {"Left": 0.1, "Top": 0.2, "Width": 0.1, "Height": 0.2}
    body = {"MatchedFaces": [face], "BoundingBox": box}
    event = NewEvent(kind=EventKind.FACE_MATCHED, at=1_796_000_000_000, body=body, crop=b"a face")
    StreamEvents(database, Cipher(server.data)).commit(leases, lease, event)
    database.close()
    client.get_stream(Name="porch")
    client.list_streams()
    [told] = client.list_stream_events(Name="porch")["Events"]
    client.list_alerts()
    shown = client.get_stream_event_picture(Name="porch", EventId=told["EventId"], Picture="crop")
    assert shown["Picture"] == b"a face"
    views = LiveViewServer(server.data, "the tests", lambda sample, _marks, _stream: sample.picture)
    views.show(lease.processor, SimpleNamespace(picture=b"a porch", arrived=1_796_000_000.5), NOTHING)
    assert client.get_stream_still(Name="porch")["Picture"] == b"a porch"
    client.watch_stream(Name="porch")
    views.close()


def test_errors_are_as_they_are_described(description: dict[str, Any], server: Server) -> None:
    for path, status in (("/jobs/none", 404), ("/jobs?MaxResults=0", 400), ("/nothing", 404)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            Signed(server).call("GET", f"/regard/v1{path}")
        with refused.value as error:
            assert error.code == status
            held(description, "Error", json.load(error))


def held(description: dict[str, Any], schema: str, value: Any) -> None:
    document = {"$ref": f"#/components/schemas/{schema}", "components": description["components"]}
    jsonschema.Draft202012Validator(document).validate(value)
