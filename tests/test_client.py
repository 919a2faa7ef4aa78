"""`regard.client()` is boto3's client, answered in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

import regard
from regard.errors import RegardError
from regard.packs.install import InstalledPack
from tests.conftest import Server


@pytest.fixture
def client(installed_pack: InstalledPack, tmp_path: Path) -> Any:
    return regard.client(tmp_path / "data", case="case 7")


def test_a_person_is_enrolled_and_found(client: Any, portrait: Path) -> None:
    client.create_collection(CollectionId="c")
    image = {"Bytes": portrait.read_bytes()}
    enrolled = client.index_faces(CollectionId="c", Image=image, ExternalImageId="eileen")
    found = client.search_faces_by_image(CollectionId="c", Image=image)
    assert found["FaceMatches"][0]["Face"]["FaceId"] == enrolled["FaceRecords"][0]["Face"]["FaceId"]
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len(found["ResponseMetadata"]["RequestId"]) == 36


def test_errors_are_boto3s_own_exceptions(client: Any) -> None:
    with pytest.raises(
        client.exceptions.ResourceNotFoundException, match="The collection id: c does not exist"
    ):
        client.describe_collection(CollectionId="c")


def test_requests_are_validated_as_on_the_wire(client: Any) -> None:
    with pytest.raises(ParamValidationError):  # by boto3 itself
        client.create_collection()
    with pytest.raises(ClientError, match="failed to satisfy constraint") as caught:  # by Regard
        client.create_collection(CollectionId="not allowed!")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_paginators_work(client: Any) -> None:
    for n in range(5):
        client.create_collection(CollectionId=f"c{n}")
    pages = client.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": 2})
    assert [name for page in pages for name in page["CollectionIds"]] == ["c0", "c1", "c2", "c3", "c4"]


def test_the_case_is_in_the_audit_log(client: Any, tmp_path: Path) -> None:
    from regard.governance.audit import AuditLog
    from regard.storage.database import Database

    client.list_collections()
    [record] = AuditLog(Database.open(tmp_path / "data")).export()
    assert (record["case"], record["key"]) == ("case 7", "local")


def test_error_messages_are_those_of_a_client_of_the_server(client: Any, server: Server) -> None:
    def refusals(made: Any) -> list[str]:
        messages = []
        for call, arguments in (
            (made.describe_collection, {"CollectionId": "nowhere"}),
            (made.create_collection, {"CollectionId": "not allowed!"}),
            (made.detect_faces, {"Image": {"Bytes": b"no picture"}}),
            (made.detect_text, {"Image": {"Bytes": b"x"}}),
        ):
            with pytest.raises(ClientError) as caught:
                call(**arguments)
            messages.append(str(caught.value))
        return messages

    assert refusals(client) == refusals(server.client())


def test_regard_s_own_operations_are_a_service_of_their_own(
    installed_pack: InstalledPack, tmp_path: Path
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (films / "film.mp4").write_bytes(b"never opened")
    options = {"data": tmp_path / "data", "buckets": f"films={films}"}
    video = {"S3Object": {"Bucket": "films", "Name": "film.mp4"}}
    job_ids = [regard.client(**options).start_label_detection(Video=video)["JobId"] for _ in range(2)]
    own = regard.client(**options, service="regard")
    assert own.get_job(JobId=job_ids[0])["Job"]["Video"] == video
    pages = own.get_paginator("list_jobs").paginate(PaginationConfig={"PageSize": 1})
    assert [job["JobId"] for page in pages for job in page["Jobs"]] == job_ids[::-1]
    assert own.cancel_job(JobId=job_ids[1])["Job"]["JobStatus"] == "FAILED"
    with pytest.raises(own.exceptions.ResourceNotFoundException) as lost:
        own.get_job(JobId="none")
    assert str(lost.value) == (
        "An error occurred (ResourceNotFoundException) when calling the GetJob operation: "
        "Could not find JobId: none"
    )


def test_a_service_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="The service is rekognition or regard, not s3"):
        regard.client(tmp_path / "data", service="s3")


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_an_error_that_aws_clients_retry_is_final(
    installed_pack: InstalledPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    from regard.errors import InternalServerError
    from regard.gate import Gate

    calls = []

    def fail(*_: Any, **__: Any) -> None:
        calls.append(1)
        raise InternalServerError

    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    monkeypatch.setattr(Gate, "answer", fail)
    with pytest.raises(ClientError) as caught:
        regard.client(tmp_path / "data").list_collections()
    assert len(calls) == 1
    assert "max retries" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_PROFILE", "stale"),
        ("AWS_DEFAULT_PROFILE", "stale"),
        ("AWS_RETRY_MODE", "none such"),
        ("AWS_MAX_ATTEMPTS", "many"),
        ("AWS_DEFAULTS_MODE", "none such"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:1"),
        ("AWS_ACCESS_KEY_ID", "without a secret"),
    ],
)
def test_nothing_of_the_aws_environment_matters(
    installed_pack: InstalledPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert regard.client(tmp_path / "data").list_collections()["CollectionIds"] == []


def test_no_aws_configuration_file_is_read(
    installed_pack: InstalledPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").write_text("no configuration at all")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "broken"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "broken"))
    assert regard.client(tmp_path / "data").list_collections()["CollectionIds"] == []


def test_a_case_that_http_would_refuse_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="case must be 1 to 256 printable ASCII characters"):
        regard.client(tmp_path / "data", case="a\nb")
