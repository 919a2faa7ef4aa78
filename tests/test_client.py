"""`regard.client()` is boto3's client, answered in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

import regard
from regard.packs.install import InstalledPack


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


def test_an_operation_that_is_not_built_is_refused_once(client: Any) -> None:
    with pytest.raises(ClientError, match="DetectText is not built") as caught:
        client.detect_text(Image={"Bytes": b"x"})
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_the_case_is_in_the_audit_log(client: Any, tmp_path: Path) -> None:
    from regard.governance.audit import AuditLog
    from regard.storage.database import Database

    client.list_collections()
    [record] = AuditLog(Database.open(tmp_path / "data")).export()
    assert (record["case"], record["key"]) == ("case 7", "local")
