"""Authorizations by boto3: a key asks, a person who is there decides, and anybody reads the notices."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from tests.conftest import Server
from tests.responsible import Office

from regard.api.model import model_loader
from regard.app import build
from regard.governance.purpose import TAG
from regard.settings import Settings

_COUNT = itertools.count()
COLLECTION = "authorized-clients"
VIDEO = {"S3Object": {"Bucket": "evidence", "Name": "yard.mp4"}}
DOCUMENT = {
    "Issuer": "District Court",
    "Number": "22 Gs 17/26",
    "Digest": "ab" * 32,
    "Issued": datetime.now(UTC) - timedelta(days=1),
}


@dataclass(frozen=True)
class Agency:
    """An investigator with a case, and people who are there with their sessions, at a running server."""

    server: Server
    office: Office
    case: str

    def client(self, name: str, role: str, *, service: str = "regard", is_there: bool = False) -> Any:
        """A boto3 client with a new key of somebody; with the header of a session where they are there."""
        made = self.office.call("create_key", Name=f"{name}-{next(_COUNT)}", Role=role, Person=name)
        session = Session()
        session.register_component("data_loader", model_loader())
        client = boto3.session.Session(botocore_session=session).client(
            service,
            endpoint_url=self.server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=made["KeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
        )
        headers = {"x-regard-case": self.case}
        if is_there:
            caller = self.office.holder(made["KeyId"])
            opened = self.office.call("open_session", caller, Code=self.office.code(name, caller))
            headers["x-regard-session"] = opened["SessionToken"]

        def add(request: Any, **_: Any) -> None:
            for header, value in headers.items():
                request.headers[header] = value

        client.meta.events.register(f"before-sign.{service}.*", add)
        return client


@pytest.fixture(scope="module")
def agency(server: Server) -> Iterator[Agency]:
    parts = build(Settings.load(data=server.data), has_models=False)
    office = Office(parts)
    office.person("ida", "investigator", trained="search")
    office.person("arno", "approver")
    office.person("pia", "privacy")
    office.call("create_collection", CollectionId=COLLECTION, Tags={TAG: "law-enforcement"})
    yield Agency(server, office, office.case(office.key("ida", "investigator")))
    parts.close()


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        act()
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_a_video_is_searched_once_somebody_else_has_entered_the_warrant(agency: Agency) -> None:
    searching = agency.client("ida", "investigator", service="rekognition")
    asking = agency.client("ida", "investigator")

    def start() -> Any:
        return searching.start_face_search(CollectionId=COLLECTION, Video=VIDEO)

    assert "No authorization of the case" in refusal(start)
    asked = asking.request_authorization(
        CaseId=agency.case, Basis="warrant", CollectionId=COLLECTION, Videos=["evidence/yard.mp4"]
    )
    one = asked["AuthorizationId"]
    assert asked["State"] == "REQUESTED"
    by_key = agency.client("arno", "approver")
    assert "not a key alone" in refusal(lambda: by_key.approve_authorization(AuthorizationId=one, **DOCUMENT))
    deciding = agency.client("arno", "approver", is_there=True)
    entered = deciding.approve_authorization(AuthorizationId=one, **DOCUMENT)
    assert (entered["State"], entered["Number"]) == ("ACTIVE", DOCUMENT["Number"])
    assert "AccessDenied" not in refusal(start)  # only the bucket isn't there
    listed = asking.get_paginator("list_authorizations").paginate(CaseId=agency.case)
    assert [found["AuthorizationId"] for page in listed for found in page["Authorizations"]] == [one]
    deciding.revoke_authorization(AuthorizationId=one, Reason="solved")
    assert "No authorization of the case" in refusal(start)
    again = refusal(lambda: deciding.revoke_authorization(AuthorizationId=one, Reason="solved"))
    assert again.startswith("ConflictException: ")


def test_the_authorizations_of_others_are_not_shown(agency: Agency) -> None:
    agency.office.person("olaf", "investigator")
    other = agency.client("olaf", "investigator")
    assert other.list_authorizations()["Authorizations"] == []
    assert "ResourceNotFound" in refusal(lambda: other.list_authorizations(CaseId=agency.case))
    assert "ResourceNotFound" in refusal(lambda: other.get_authorization(AuthorizationId="A-2026-000001"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"Videos": ["yard.mp4"]},
        {"Videos": ["evidence/a*b"]},
        {"Videos": ["*/yard.mp4"]},
        {"Cameras": ["gate 1"]},
        {"Faces": ["x" * 36]},
        {"Basis": "curiosity"},
    ],
)
def test_what_no_authorization_can_name_is_refused(agency: Agency, wrong: dict[str, Any]) -> None:
    client = agency.client("ida", "investigator")
    request = {"CaseId": agency.case, "Basis": "warrant", "CollectionId": COLLECTION, **wrong}
    assert refusal(lambda: client.request_authorization(**request)).startswith("ValidationException")


def test_anybody_reads_the_notice_that_hangs_beside_a_camera(agency: Agency) -> None:
    notice = {
        "CameraId": "gate-1",
        "Language": "en",
        "Text": "Faces are searched at this gate.",
        "Covers": ["FACE_SEARCH"],
        "PostedAt": datetime.now(UTC) - timedelta(days=1),
    }
    by_key = agency.client("pia", "privacy")
    assert "not a key alone" in refusal(lambda: by_key.put_camera_notice(**notice))
    posted = agency.client("pia", "privacy", is_there=True).put_camera_notice(**notice)
    assert posted["Version"] == 1
    with urllib.request.urlopen(f"{agency.server.endpoint}/regard/v1/notices") as answer:
        [shown] = json.load(answer)["Notices"]
    assert (shown["CameraId"], shown["Text"]) == ("gate-1", notice["Text"])
    assert "pia" not in str(shown)
