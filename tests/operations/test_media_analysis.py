"""Bulk analysis by boto3, against a real server and its worker, from folders and from S3."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from tests.conftest import Server, stop_server
from tests.operations.manifests import FOUND, fill, references, request
from tests.paging import paginated
from tests.video.servers import serve
from tests.waiting import PATIENCE

from regard.packs.install import InstalledPack

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("bulk"))


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    for name in ("photos", "results"):
        client.create_bucket(Bucket=name)
    yield client
    moto.stop()


@pytest.fixture(scope="module")
def server(
    installed_pack: InstalledPack,
    nudenet_pack: InstalledPack,
    bucket: Path,
    s3: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        started = serve(
            tmp_path_factory.mktemp("server") / "data",
            bucket,
            job_workers=1,
            s3_endpoint=s3.meta.endpoint_url,
            output_buckets="videos,results,missing",
            manifest_images=100,
        )
    yield started
    stop_server(started)


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return server.client(config=ONCE)


def ended(client: Any, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while (job := client.get_media_analysis_job(JobId=job_id))["Status"] in ("QUEUED", "IN_PROGRESS"):
        assert time.monotonic() < deadline, "the job does not end"
        time.sleep(0.05)
    return dict(job)


def run(client: Any, **changes: Any) -> dict[str, Any]:
    return ended(client, client.start_media_analysis_job(**request(**changes))["JobId"])


def written(job: dict[str, Any], folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    lines = (folder / job["Results"]["S3Object"]["Name"]).read_text().splitlines()
    summary = (folder / job["ManifestSummary"]["S3Object"]["Name"]).read_text()
    return [json.loads(line) for line in lines], json.loads(summary)


def refused(client: Any, code: str, **changes: Any) -> str:
    with pytest.raises(ClientError) as caught:
        client.start_media_analysis_job(**request(**changes))
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


def test_each_line_has_what_detect_moderation_labels_answers(client: Any, bucket: Path) -> None:
    job = run(client, JobName="holiday.1")
    assert job["Status"] == "SUCCEEDED"
    assert {name: job[name] for name in request()} == request()
    assert (job["JobName"], job["Results"]["ModelVersions"]) == ("holiday.1", {"Moderation": "7.0"})
    assert job["Results"]["S3Object"] == {
        "Bucket": "videos",
        "Name": f"out/bulk/{job['JobId']}/results.jsonl",
    }
    now = datetime.now(UTC)
    assert now - timedelta(minutes=2) < job["CreationTimestamp"] <= job["CompletionTimestamp"] <= now
    lines, summary = written(job, bucket)
    names = ["astronaut.jpg", FOUND, "hopper.jpg", FOUND]
    assert [line["source-ref"] for line in lines] == [f"s3://videos/{name}" for name in names]
    for line, name in zip(lines, names, strict=True):
        answer = client.detect_moderation_labels(
            Image={"S3Object": {"Bucket": "videos", "Name": name}}, MinConfidence=5
        )
        del answer["ResponseMetadata"]
        assert line["detect-moderation-labels"] == answer
    assert [bool(line["detect-moderation-labels"]["ModerationLabels"]) for line in lines] == [
        False,
        True,
        False,
        True,
    ]
    assert summary == {
        "version": "1.0",
        "statistics": {"total-json-lines": 4, "valid-json-lines": 4, "invalid-json-lines": 0},
        "errors": [],
    }


def test_labels_below_the_least_confidence_are_left_out_and_50_is_the_least_of_old(
    client: Any, bucket: Path
) -> None:
    for config in ({}, {"MinConfidence": 20.0}):
        lines, _ = written(run(client, OperationsConfig={"DetectModerationLabels": config}), bucket)
        assert {len(line["detect-moderation-labels"]["ModerationLabels"]) for line in lines} == {0}


def test_a_line_that_is_of_no_use_is_in_the_summary_and_stops_nothing(client: Any, bucket: Path) -> None:
    job = run(client, name="mixed.jsonl")
    assert job["Status"] == "SUCCEEDED"
    lines, summary = written(job, bucket)
    assert [line["source-ref"] for line in lines] == ["s3://videos/astronaut.jpg", "s3://videos/gravel.jpg"]
    assert summary["statistics"] == {
        "total-json-lines": 10,
        "valid-json-lines": 2,
        "invalid-json-lines": 8,
    }
    assert [(one["line-number"], one["code"]) for one in summary["errors"]] == [
        (3, "ERROR_MISSING_SOURCE_REF"),
        (4, "ERROR_INVALID_JSON_LINE"),
        (5, "ERROR_INVALID_IMAGE"),
        (6, "ERROR_INVALID_IMAGE"),
        (7, "ERROR_INVALID_IMAGE"),
        (8, "ERROR_INVALID_IMAGE"),
        (9, "ERROR_INVALID_IMAGE"),
        (10, "ERROR_INVALID_SOURCE_REF_FORMAT"),
    ]
    by_line = {one["line-number"]: one for one in summary["errors"]}
    assert by_line[5]["source-ref"] == "s3://videos/broken.jpg"
    assert by_line[6]["message"].startswith("Unable to get object metadata from S3.")
    assert "too small" in by_line[7]["message"]
    assert "Image size is too large" in by_line[8]["message"]
    assert by_line[9]["message"] == by_line[6]["message"]
    assert "source-ref" not in by_line[3]
    assert str(bucket) not in json.dumps(summary)


def test_manifest_pictures_and_results_may_lie_in_s3(client: Any, s3: Any, bucket: Path) -> None:
    s3.upload_file(str(bucket / FOUND), "photos", "a b/é.jpg")
    content = references("a b/é.jpg", "none.jpg", bucket="photos").encode()
    s3.put_object(Bucket="photos", Key="in/manifest.jsonl", Body=content)
    job = run(
        client,
        Input={"S3Object": {"Bucket": "photos", "Name": "in/manifest.jsonl"}},
        OutputConfig={"S3Bucket": "results"},
        KmsKeyId="alias/mine",
    )
    assert (job["Status"], job["KmsKeyId"]) == ("SUCCEEDED", "alias/mine")
    assert job["Results"]["S3Object"] == {"Bucket": "results", "Name": f"{job['JobId']}/results.jsonl"}
    found = s3.get_object(Bucket="results", Key=job["Results"]["S3Object"]["Name"])
    assert found["SSEKMSKeyId"] == "alias/mine"
    [line] = map(json.loads, found["Body"].read().splitlines())
    assert line["source-ref"] == "s3://photos/a b/é.jpg"
    assert line["detect-moderation-labels"]["ModerationLabels"]
    summary = s3.get_object(Bucket="results", Key=job["ManifestSummary"]["S3Object"]["Name"])
    assert json.load(summary["Body"])["statistics"]["invalid-json-lines"] == 1
    assert s3.list_multipart_uploads(Bucket="results").get("Uploads", []) == []


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"OperationsConfig": {}}, "InvalidParameterException", "names no operation"),
        (
            {
                "OperationsConfig": {
                    "DetectModerationLabels": {
                        "ProjectVersion": "arn:aws:rekognition:us-east-1:000000000000:project/a/version/b/1"
                    }
                }
            },
            "ResourceNotFoundException",
            "project/a/version/b/1 does not exist",
        ),
        ({"name": "none.jsonl"}, "InvalidS3ObjectException", "Unable to get object metadata"),
        ({"Input": {"S3Object": {}}}, "InvalidParameterException", "Bucket and Name"),
        ({"name": "empty.jsonl"}, "InvalidManifestException", "empty"),
        ({"name": "huge.jsonl"}, "InvalidManifestException", "larger than 819200 bytes"),
        ({"OutputConfig": {"S3Bucket": "photos"}}, "InvalidParameterException", "REGARD_OUTPUT_BUCKETS"),
        (
            {"OutputConfig": {"S3Bucket": "videos", "S3KeyPrefix": "../out"}},
            "InvalidParameterException",
            "no file below",
        ),
        ({"KmsKeyId": "alias/mine"}, "InvalidParameterException", "leave KmsKeyId out"),
    ],
)
def test_what_can_be_seen_at_once_is_refused_at_once(
    client: Any, changes: dict[str, Any], code: str, message: str
) -> None:
    assert message in refused(client, code, **changes)


def test_what_is_seen_later_is_in_the_failure_details(client: Any) -> None:
    failures = {
        "INVALID_MANIFEST": {"name": "many.jsonl"},
        "INVALID_OUTPUT_CONFIG": {"OutputConfig": {"S3Bucket": "missing"}},
    }
    for code, changes in failures.items():
        job = run(client, **changes)
        assert (job["Status"], job["FailureDetails"]["Code"]) == ("FAILED", code)
        assert "Results" not in job
    assert run(client, name="blank.jsonl")["FailureDetails"] == {
        "Code": "INVALID_MANIFEST",
        "Message": "The manifest is empty.",
    }


def test_a_token_starts_a_job_once(client: Any) -> None:
    first, again = (
        client.start_media_analysis_job(**request(ClientRequestToken="once"))["JobId"] for _ in range(2)
    )
    assert first == again
    refused(client, "IdempotentParameterMismatchException", ClientRequestToken="once", JobName="other")
    ended(client, first)


def test_jobs_are_listed_by_botocores_paginator_the_newest_first_and_no_others(client: Any) -> None:
    started = [client.start_media_analysis_job(**request())["JobId"] for _ in range(3)]
    video = {"S3Object": {"Bucket": "videos", "Name": "plain.jsonl"}}
    other = client.start_label_detection(Video=video)["JobId"]
    for job_id in started:
        ended(client, job_id)
    size = {"PageSize": 2}
    jobs = paginated(client, "list_media_analysis_jobs", "MediaAnalysisJobs", PaginationConfig=size)
    assert len(jobs) > 3
    assert [job["JobId"] for job in jobs[:3]] == started[::-1]
    assert other not in {job["JobId"] for job in jobs}
    assert jobs[0] == {
        name: value
        for name, value in client.get_media_analysis_job(JobId=started[-1]).items()
        if name != "ResponseMetadata"
    }
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_media_analysis_job(JobId=other)
    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        client.list_media_analysis_jobs(NextToken="nonsense")
