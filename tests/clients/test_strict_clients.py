"""Unmodified clients under a strict purpose: boto3, the AWS CLI, and `regard.client()`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import Server
from tests.responsible import CASE, Office

import regard
from regard.app import build
from regard.governance.credentials import write_credentials
from regard.governance.purpose import TAG
from regard.settings import Settings

GALLERY = "strict-clients"


@dataclass(frozen=True)
class Agency:
    """A gallery of wanted people on a running server, an investigator's client, and her open case."""

    server: Server
    office: Office
    investigator: Any
    key: tuple[str, str]
    case: str
    photo: bytes

    def search(self, client: Any) -> Any:
        return client.search_faces_by_image(CollectionId=GALLERY, Image={"Bytes": self.photo})


@pytest.fixture(scope="module")
def agency(server: Server, portrait: Path) -> Iterator[Agency]:
    parts = build(Settings.load(data=server.data), has_models=False)
    office = Office(parts)
    office.person("ines", "investigator", trained="search")
    office.person("otto", "operator")
    operator, investigator = (
        credentials(office, "otto", "operator"),
        credentials(office, "ines", "investigator"),
    )
    server.client().create_collection(CollectionId=GALLERY, Tags={TAG: "law-enforcement"})
    photo = portrait.read_bytes()
    as_key(server, operator).index_faces(CollectionId=GALLERY, Image={"Bytes": photo})
    case = as_key(server, investigator, service="regard").create_case(**CASE)["CaseId"]
    yield Agency(server, office, as_key(server, investigator), investigator, case, photo)
    parts.close()


def credentials(office: Office, name: str, role: str) -> tuple[str, str]:
    made = office.call("create_key", Name=f"{name}-at-the-clients", Role=role, Person=name)
    return made["KeyId"], made["SecretAccessKey"]


def as_key(server: Server, key: tuple[str, str], service: str = "rekognition", **options: Any) -> Any:
    if service == "regard":
        import boto3
        from botocore.session import Session

        from regard.api.model import model_loader

        session = Session()
        session.register_component("data_loader", model_loader())
        made: Callable[..., Any] = boto3.session.Session(botocore_session=session).client
        return made(
            service,
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            **options,
        )
    return server.client(aws_access_key_id=key[0], aws_secret_access_key=key[1], **options)


def naming(client: Any, case: str, event: str = "before-sign") -> Any:
    """The client, whose requests name a case in the way that the documentation shows."""

    def name(request: Any, **_: Any) -> None:
        request.headers["x-regard-case"] = case

    client.meta.events.register(f"{event}.rekognition.*", name)
    return client


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        act()
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_boto3_searches_with_the_case_in_a_signed_header(agency: Agency) -> None:
    client = naming(as_key(agency.server, agency.key), agency.case)
    assert agency.search(client)["SearchedFaceConfidence"] > 90


def test_boto3_without_the_header_is_told_how_to_name_a_case(agency: Agency) -> None:
    assert "send its id in x-regard-case" in refusal(lambda: agency.search(agency.investigator))


def test_a_header_that_was_added_behind_the_signature_is_refused(agency: Agency) -> None:
    client = naming(as_key(agency.server, agency.key), agency.case, event="before-send")
    assert "'x-regard-case' must be a 'SignedHeader'" in refusal(lambda: agency.search(client))


def test_the_first_admin_s_key_searches_no_strict_collection(agency: Agency) -> None:
    client = naming(agency.server.client(), agency.case)
    assert "call with a person's key" in refusal(lambda: agency.search(client))


def test_the_aws_cli_searches_with_a_key_for_the_case(agency: Agency, tmp_path: Path) -> None:
    own = as_key(agency.server, agency.key, service="regard")
    made = own.create_case_key(CaseId=agency.case, Hours=1)
    write_credentials(tmp_path / "case", made["AccessKeyId"], made["SecretAccessKey"])
    (tmp_path / "face.jpg").write_bytes(agency.photo)
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "awscli",
                "--endpoint-url",
                agency.server.endpoint,
                "rekognition",
                "search-faces-by-image",
            ),
            *("--collection-id", GALLERY, "--image-bytes", f"fileb://{tmp_path / 'face.jpg'}"),
        ],
        env={
            **os.environ,
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "case"),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["SearchedFaceConfidence"] > 90


def test_regard_client_acts_with_a_key_and_a_case(agency: Agency, tmp_path: Path) -> None:
    write_credentials(tmp_path / "ines", *agency.key)
    client = regard.client(agency.server.data, key=tmp_path / "ines", case=agency.case)
    assert agency.search(client)["SearchedFaceConfidence"] > 90


def test_regard_client_of_the_folder_s_owner_searches_no_strict_collection(agency: Agency) -> None:
    client = regard.client(agency.server.data, case=agency.case)
    assert "call with a person's key" in refusal(lambda: agency.search(client))
