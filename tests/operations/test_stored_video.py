"""Start and Get operations by boto3, against a real server and its worker."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from sqlalchemy import update
from tests.conftest import Server, stop_server
from tests.paging import paginated
from tests.signed import Signed
from tests.video.servers import serve, wait_for
from tests.waiting import PATIENCE

from regard.api.model import REKOGNITION, load_api
from regard.operations import OPERATIONS
from regard.operations.stored_video.runs import StoredAnalysis
from regard.packs.install import InstalledPack
from regard.storage.database import Database
from regard.storage.schema import jobs

API = load_api(REKOGNITION)

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    scripts = {
        "long": {"steps": 5, "items": 3},
        "persons": {"steps": 2, "persons": [[99.5, 85.0], [70.0]]},
        "short": {},
        "slow": {"steps": 1000, "seconds": 0.1},
    }
    for name, script in scripts.items():
        (folder / name).write_text(json.dumps(script))
    (folder / "huge").write_bytes(bytes(10_001))
    return folder


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 server of its own."""
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture(scope="module")
def server(
    installed_pack: InstalledPack, bucket: Path, s3: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("server") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        started = serve(
            data, bucket, job_workers=1, video_bytes=10_000, s3_endpoint=s3, job_limit=6, webhooks="private"
        )
    yield started
    stop_server(started)


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return server.client(config=ONCE)


def video(name: str, bucket: str = "videos") -> dict[str, Any]:
    return {"S3Object": {"Bucket": bucket, "Name": name}}


@pytest.fixture(scope="module")
def long_job(client: Any) -> str:
    job_id = client.start_label_detection(Video=video("long"), JobTag="tag")["JobId"]
    assert wait_for(client, job_id)["JobStatus"] == "SUCCEEDED"
    return str(job_id)


def refused(code: str, call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


def test_every_pair_of_operations_is_there_and_named_alike() -> None:
    starts = {
        key: one.analysis for key, one in OPERATIONS.items() if isinstance(one.analysis, StoredAnalysis)
    }
    assert len(starts) == 8
    for start, analysis in starts.items():
        kind, get = analysis.listing, start.replace("start_", "get_")
        assert kind.start == start
        assert get in OPERATIONS
        assert kind.lists in API.operations[get].output.members
        members = API.operations[get].input.members
        assert ("AggregateBy" in members) == kind.has_views
        if "SortBy" in members:
            assert set(members["SortBy"].enum) == {"TIMESTAMP", kind.key}


def test_a_job_answers_what_it_found_and_what_it_was_asked(client: Any, long_job: str) -> None:
    answer = client.get_label_detection(JobId=long_job)
    assert (answer["JobId"], answer["JobTag"], answer["Video"]) == (long_job, "tag", video("long"))
    assert answer["GetRequestMetadata"] == {"SortBy": "TIMESTAMP", "AggregateBy": "TIMESTAMPS"}
    assert answer["LabelModelVersion"] == "test"
    assert answer["VideoMetadata"]["FrameRate"] == 25
    assert [label["Timestamp"] for label in answer["Labels"]] == sorted([0, 40, 80, 120, 160] * 3)
    assert "NextToken" not in answer
    assert "StatusMessage" not in answer


@pytest.mark.parametrize("size", [1, 2, 7, 15, 16, 5000])
@pytest.mark.parametrize("sort", ["TIMESTAMP", "NAME"])
def test_pages_of_any_size_hold_the_same_in_the_same_order(
    client: Any, long_job: str, size: int, sort: str
) -> None:
    whole = client.get_label_detection(JobId=long_job, SortBy=sort)["Labels"]
    key = (lambda one: one["Label"]["Name"]) if sort == "NAME" else (lambda one: one["Timestamp"])
    assert [key(one) for one in whole] == sorted(key(one) for one in whole)
    assert len(whole) == 15
    pages = paginated(
        client,
        "get_label_detection",
        "Labels",
        JobId=long_job,
        SortBy=sort,
        PaginationConfig={"PageSize": size},
    )
    assert pages == whole


def test_views_are_kept_apart(client: Any, long_job: str) -> None:
    for view in ("TIMESTAMPS", "SEGMENTS"):
        answer = client.get_label_detection(JobId=long_job, AggregateBy=view, MaxResults=10)
        assert answer["GetRequestMetadata"]["AggregateBy"] == view
        rest = client.get_label_detection(JobId=long_job, AggregateBy=view, NextToken=answer["NextToken"])
        assert (len(answer["Labels"]), len(rest["Labels"])) == (10, 5)


def test_segments_come_in_the_order_of_the_types_that_were_asked_for(client: Any) -> None:
    types = ["SHOT", "TECHNICAL_CUE"]
    job_id = client.start_segment_detection(Video=video("long"), SegmentTypes=types)["JobId"]
    while client.get_segment_detection(JobId=job_id)["JobStatus"] == "IN_PROGRESS":
        pass
    answer = client.get_segment_detection(JobId=job_id)
    assert [one["Type"] for one in answer["Segments"]] == ["SHOT"] * 5 + ["TECHNICAL_CUE"] * 5
    times = [one["StartTimestampMillis"] for one in answer["Segments"][:5]]
    assert times == sorted(times)
    assert isinstance(answer["VideoMetadata"], list)


def test_people_are_grouped_by_index_when_asked(client: Any) -> None:
    client.create_collection(CollectionId="c")
    job_id = client.start_face_search(Video=video("persons"), CollectionId="c")["JobId"]
    while client.get_face_search(JobId=job_id)["JobStatus"] == "IN_PROGRESS":
        pass
    by_time = client.get_face_search(JobId=job_id)["Persons"]
    by_index = client.get_face_search(JobId=job_id, SortBy="INDEX")["Persons"]
    assert [one["Person"]["Index"] for one in by_time] == [0, 1, 0, 1]
    assert [one["Person"]["Index"] for one in by_index] == [0, 0, 1, 1]


def test_a_token_is_good_for_its_job_and_order_alone(client: Any, long_job: str) -> None:
    token = client.get_label_detection(JobId=long_job, MaxResults=4)["NextToken"]
    assert len(token) <= 255
    other = client.start_label_detection(Video=video("long"))["JobId"]
    wait_for(client, other)
    for request in (
        {"JobId": other, "NextToken": token},
        {"JobId": long_job, "NextToken": token, "SortBy": "NAME"},
        {"JobId": long_job, "NextToken": token, "AggregateBy": "SEGMENTS"},
        {"JobId": long_job, "NextToken": token[:-4] + "AAAA"},
        {"JobId": long_job, "NextToken": "nonsense"},
        {"JobId": long_job, "NextToken": "é"},
    ):
        refused("InvalidPaginationTokenException", client.get_label_detection, **request)


def test_a_token_is_good_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    from regard.errors import InvalidPaginationTokenException
    from regard.operations.inputs import pagination

    class Sealed:
        seal = "s"

    day = 24 * 60 * 60 * 1000
    monkeypatch.setattr(pagination, "milliseconds", lambda: 1000)
    token = pagination.make_job_token(Sealed(), "o", 7)  # type: ignore[arg-type]
    monkeypatch.setattr(pagination, "milliseconds", lambda: 999 + day)
    assert pagination.read_job_token(Sealed(), "o", token) == 7  # type: ignore[arg-type]
    monkeypatch.setattr(pagination, "milliseconds", lambda: 1000 + day)
    with pytest.raises(InvalidPaginationTokenException):
        pagination.read_job_token(Sealed(), "o", token)  # type: ignore[arg-type]


def test_a_job_of_another_operation_or_of_none_is_not_found(client: Any, long_job: str) -> None:
    message = refused("ResourceNotFoundException", client.get_face_search, JobId=long_job)
    assert message == f"Could not find JobId: {long_job}"
    refused("ResourceNotFoundException", client.get_label_detection, JobId="none")


def test_results_that_have_expired_are_not_found(client: Any, server: Server) -> None:
    job_id = client.start_label_detection(Video=video("short"))["JobId"]
    wait_for(client, job_id)
    database = Database.open(server.data)
    with database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(expires=1))
    database.close()
    refused("ResourceNotFoundException", client.get_label_detection, JobId=job_id)


def test_a_request_that_comes_again_with_its_token_starts_nothing(client: Any) -> None:
    request = {"Video": video("short"), "ClientRequestToken": "again", "MinConfidence": 60}
    first, second = (client.start_label_detection(**request)["JobId"] for _ in range(2))
    assert first == second
    refused(
        "IdempotentParameterMismatchException",
        client.start_label_detection,
        **request | {"MinConfidence": 61},
    )
    assert client.start_segment_detection(
        Video=video("short"), ClientRequestToken="again", SegmentTypes=["SHOT"]
    )["JobId"] not in (first, second)


def test_a_video_that_can_not_be_read_is_refused_at_the_start(client: Any) -> None:
    start = client.start_label_detection
    for where in (video("none"), video("../x"), video("short", "elsewhere")):
        message = refused("InvalidS3ObjectException", start, Video=where)
        assert message.startswith("Unable to get object metadata from S3.")
    message = refused("VideoTooLargeException", start, Video=video("huge"))
    assert message == "Video size in bytes: 10001 is more than the maximum limit of: 10000 bytes."
    for where in ({}, {"S3Object": {}}, {"S3Object": {"Bucket": "videos"}}):
        refused("InvalidParameterException", start, Video=where)


def test_what_can_not_be_looked_for_is_refused_at_the_start(client: Any) -> None:
    here = video("short")
    refused("ResourceNotFoundException", client.start_face_search, Video=here, CollectionId="none")
    message = refused(
        "InvalidParameterException",
        client.start_label_detection,
        Video=here,
        Settings={"GeneralLabels": {"LabelCategoryInclusionFilters": ["Nonsense"]}},
    )
    assert "is not a label category" in message
    refused("ValidationException", client.start_segment_detection, Video=here, SegmentTypes=["X"])


def test_a_search_under_a_strict_purpose_keeps_its_floor(client: Any) -> None:
    client.create_collection(CollectionId="strict", Tags={"regard:purpose": "access-control"})
    message = refused(
        "InvalidParameterException",
        client.start_face_search,
        Video=video("short"),
        CollectionId="strict",
        FaceMatchThreshold=80,
    )
    assert "at least 99" in message


def test_a_video_in_s3_is_read_from_there(client: Any, s3: str) -> None:
    own = boto3.client(
        "s3", endpoint_url=s3, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    own.create_bucket(Bucket="films")
    own.put_object(Bucket="films", Key="a b/c.mp4", Body=json.dumps({"steps": 2}).encode())
    own.put_object(Bucket="films", Key="huge", Body=bytes(10_001))
    job_id = client.start_label_detection(Video=video("a b/c.mp4", "films"))["JobId"]
    assert len(wait_for(client, job_id)["Labels"]) == 4
    refused("VideoTooLargeException", client.start_label_detection, Video=video("huge", "films"))
    refused("InvalidS3ObjectException", client.start_label_detection, Video=video("none", "films"))


def test_more_jobs_than_may_be_under_way_are_refused_in_aws_words(client: Any, server: Server) -> None:
    started = []
    for _ in range(6):
        started.append(client.start_label_detection(Video=video("slow"))["JobId"])
    message = refused("LimitExceededException", client.start_label_detection, Video=video("slow"))
    assert message == "6 open Jobs for User 000000000000. Maximum limit: 6"
    signed = Signed(server)
    for job_id in started:
        cancelled = signed.call("POST", f"/regard/v1/jobs/{job_id}/cancel")["Job"]
        assert (cancelled["JobStatus"], cancelled["StatusMessage"]) == ("FAILED", "The job was cancelled.")
    again = client.start_label_detection(Video=video("short"))["JobId"]
    assert wait_for(client, again)["JobStatus"] == "SUCCEEDED"


def test_a_url_in_the_topics_place_is_told_of_the_end(client: Any) -> None:
    told: queue.Queue[dict[str, Any]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        channel = {
            "SNSTopicArn": f"http://127.0.0.1:{receiver.server_port}/done",
            "RoleArn": "arn:aws:iam::000000000000:role/none",
        }
        job_id = client.start_label_detection(
            Video=video("short"), NotificationChannel=channel, JobTag="tag"
        )["JobId"]
        message = told.get(timeout=PATIENCE)
        receiver.shutdown()
    assert (message["JobId"], message["Status"], message["JobTag"]) == (job_id, "SUCCEEDED", "tag")
    assert message["API"] == "StartLabelDetection"
    assert message["Video"] == {"S3ObjectName": "short", "S3Bucket": "videos"}


def test_a_channel_that_can_not_be_told_is_refused_at_the_start(client: Any) -> None:
    role = {"RoleArn": "arn:aws:iam::000000000000:role/none"}
    for channel, code in (
        ("arn:aws:sns:us-east-1:123456789012:topic", "InvalidParameterException"),
        ("http://8.8.8.8/", "InvalidParameterException"),
        ("file:///etc/passwd", "ValidationException"),
        ("nonsense", "ValidationException"),
    ):
        request = {"Video": video("short"), "NotificationChannel": {"SNSTopicArn": channel, **role}}
        refused(code, client.start_label_detection, **request)


def test_a_job_is_shown_and_listed_by_paths_of_regards_own(server: Server, long_job: str) -> None:
    signed = Signed(server)
    job = signed.call("GET", f"/regard/v1/jobs/{long_job}")["Job"]
    assert (job["JobStatus"], job["Progress"], job["JobTag"]) == ("SUCCEEDED", 1, "tag")
    assert job["Created"] <= job["Finished"] < job["Expires"]
    page = signed.call("GET", "/regard/v1/jobs?MaxResults=1")
    rest = signed.call("GET", f"/regard/v1/jobs?NextToken={quote(page['NextToken'])}&MaxResults=1")
    assert [len(one["Jobs"]) for one in (page, rest)] == [1, 1]
    assert page["Jobs"] != rest["Jobs"]


def test_paths_of_regards_own_are_refused_unsigned_wrongly_signed_and_wrongly_called(
    server: Server, long_job: str
) -> None:
    import urllib.error
    import urllib.request

    path = f"/regard/v1/jobs/{long_job}"

    def code(call: Any) -> str:
        with pytest.raises(urllib.error.HTTPError) as caught:
            call()
        with caught.value as error:
            return str(json.load(error)["Code"])

    unsigned = code(lambda: urllib.request.urlopen(server.endpoint + path))
    assert unsigned == "MissingAuthenticationTokenException"
    assert code(lambda: Signed(server, "wrong").call("GET", path)) == "InvalidSignatureException"
    signed = Signed(server)
    assert code(lambda: signed.call("POST", path)) == "UnknownOperationException"
    assert code(lambda: signed.call("GET", path + "/cancel")) == "UnknownOperationException"
    assert code(lambda: signed.call("GET", "/regard/v1/jobs/none")) == "ResourceNotFoundException"
    assert code(lambda: signed.call("GET", "/regard/v1/jobs/" + "x" * 65)) == "ValidationException"
    for most in ("0", "-1", "x", "9" * 5000, "%C2%B2"):
        assert code(lambda: signed.call("GET", f"/regard/v1/jobs?MaxResults={most}")) == "ValidationException"  # noqa: B023
    token = code(lambda: signed.call("GET", "/regard/v1/jobs?NextToken=x"))
    assert token == "InvalidPaginationTokenException"
