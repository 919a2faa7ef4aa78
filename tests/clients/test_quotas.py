"""Quotas as boto3 sees them: what may be tried again is, and what is used up is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from tests.conftest import Server

from regard.api.model import model_loader


def own_client(server: Server, key_id: str, secret: str) -> Any:
    session = Session()
    session.register_component("data_loader", model_loader())
    return boto3.session.Session(botocore_session=session).client(
        "regard",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )


@pytest.fixture
def admin(server: Server) -> Any:
    return own_client(server, server.key_id, server.secret)


@pytest.fixture
def script(admin: Any, request: pytest.FixtureRequest) -> tuple[str, str]:
    made = admin.create_key(Name=f"quota-{request.node.name[:40]}", Role="operator")
    return made["KeyId"], made["SecretAccessKey"]


def test_a_used_up_quota_is_an_error_that_boto3_does_not_try_again(
    server: Server, admin: Any, script: tuple[str, str], portrait: Path
) -> None:
    admin.set_quota(Holder=script[0], ImagesPerMonth=1)
    client = server.client(aws_access_key_id=script[0], aws_secret_access_key=script[1])
    picture = {"Bytes": portrait.read_bytes()}
    client.detect_faces(Image=picture)
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.detect_faces(Image=picture)
    assert caught.value.response["Error"]["Code"] == "ServiceQuotaExceededException"
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_quota_is_listed_with_what_is_used_of_it(
    server: Server, admin: Any, script: tuple[str, str], portrait: Path
) -> None:
    admin.set_quota(Holder=script[0], ImagesPerMonth=100, RequestsPerSecond=50)
    client = server.client(aws_access_key_id=script[0], aws_secret_access_key=script[1])
    client.detect_faces(Image={"Bytes": portrait.read_bytes()})
    [found] = [one for one in admin.list_quotas()["Quotas"] if one["Holder"] == script[0]]
    assert (found["ImagesUsed"], found["ImagesPerMonth"], found["RequestsPerSecond"]) == (1, 100, 50)


def test_an_answer_says_how_much_of_the_quota_is_used(
    server: Server, admin: Any, script: tuple[str, str], portrait: Path
) -> None:
    admin.set_quota(Holder=script[0], ImagesPerMonth=10)
    client = server.client(aws_access_key_id=script[0], aws_secret_access_key=script[1])
    answer = client.detect_faces(Image={"Bytes": portrait.read_bytes()})
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-regard-quota"] == "images=1/10"


def test_nobody_raises_their_own_quota(server: Server, script: tuple[str, str]) -> None:
    with pytest.raises(ClientError, match="Nobody can change their own quotas"):
        own_client(server, *script).set_quota(Holder=script[0], ImagesPerMonth=10**6)


def test_a_quota_for_nobody_is_refused(admin: Any) -> None:
    with pytest.raises(ClientError, match="There is no key RGRDNOBODY"):
        admin.set_quota(Holder="RGRDNOBODY", ImagesPerMonth=1)


def test_a_quota_on_faces_refuses_the_face_that_is_too_much(
    server: Server, admin: Any, script: tuple[str, str], portrait: Path, other_portrait: Path
) -> None:
    admin.set_quota(Holder=script[0], FacesStored=1)
    client = server.client(aws_access_key_id=script[0], aws_secret_access_key=script[1])
    client.create_collection(CollectionId="quota-on-faces")
    request = {"CollectionId": "quota-on-faces", "MaxFaces": 1}
    client.index_faces(Image={"Bytes": portrait.read_bytes()}, **request)
    with pytest.raises(ClientError, match="quota of faces stored") as caught:
        client.index_faces(Image={"Bytes": other_portrait.read_bytes()}, **request)
    assert caught.value.response["Error"]["Code"] == "ServiceQuotaExceededException"
    [found] = [one for one in admin.list_quotas()["Quotas"] if one["Holder"] == script[0]]
    assert (found["FacesStored"], found["FacesUsed"]) == (1, 1)
