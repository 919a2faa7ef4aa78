"""What is public is answered to anybody, by real clients without a key, and shows nothing of a record."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import CredentialResolver
from botocore.session import Session
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.conftest import Server, start_server, stop_server
from tests.governance.proof.conftest import DAY

from regard.api.model import load_api, model_loader
from regard.app import Parts
from regard.caller import NOBODY
from regard.errors import AccessDeniedException
from regard.governance.audit import AuditLog
from regard.governance.proof.receipt_file import read_receipt
from regard.governance.proof.seals import Seals
from regard.operations import OPERATIONS
from regard.packs.install import InstalledPack
from regard.storage.database import Database

RECORDS = 5
SECRETS = ("ann", "wanted", "SearchFaces", "C-2026-000001")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two sealed days."""
    folder = tmp_path_factory.mktemp("public") / "data"
    database = Database.open(folder)
    log, now = AuditLog(database), datetime.now(UTC)
    for days in (3, 2):
        for _ in range(RECORDS):
            log.append(
                {
                    "time": (now - days * DAY).isoformat(timespec="milliseconds"),
                    "operation": "SearchFaces",
                    "name": "ann",
                    "collection": "wanted",
                    "case": "C-2026-000001",
                }
            )
    Seals(database, log, folder).seal_due(now)
    database.close()
    return folder


@pytest.fixture(scope="module")
def server(installed_pack: InstalledPack, data: Path) -> Iterator[Server]:
    started = start_server(data, environment={"REGARD_PUBLIC_REQUESTS": "40"})
    yield started
    stop_server(started)


@pytest.fixture
def client(server: Server) -> Any:
    """boto3 without any credentials."""
    session = boto3.session.Session(botocore_session=unconfigured())
    return session.client("regard", endpoint_url=server.endpoint, region_name="us-east-1")


def unconfigured() -> Any:
    session = Session()
    session.register_component("data_loader", model_loader())
    session.register_component("credential_provider", CredentialResolver([]))
    return session


def read(server: Server, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server.endpoint}/regard/v1/audit/{path}") as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_boto3_without_a_key_reads_head_days_and_proofs(client: Any) -> None:
    days = [
        day for page in client.get_paginator("list_audit_days").paginate(PaginationConfig={"PageSize": 1})
        for day in page["Days"]
    ]  # fmt: skip
    assert [(day["First"], day["Last"]) for day in days] == [(1, 5), (6, 10)]
    assert days[1]["PreviousRoot"] == days[0]["Root"]
    head = client.get_audit_head()
    assert head["Day"] == days[1]
    assert head["Sequence"] >= 2 * RECORDS
    proof = client.get_audit_proof(Sequence=7)
    assert proof["Day"] == days[1]
    assert len(proof["Path"]) == 3


def test_a_day_s_signature_can_be_checked_by_what_is_published(server: Server) -> None:
    for day in read(server, "days")["Days"]:
        members = ("Date", "First", "Last", "Root", "PreviousRoot")
        lines = ["Regard audit day", *(str(day[name]) for name in members)]
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(day["PublicKey"]))
        key.verify(bytes.fromhex(day["Signature"]), "".join(f"{line}\n" for line in lines).encode())


@pytest.mark.parametrize("path", ["head", "days", "proof/1", "proof/7", "proof/11"])
def test_nothing_of_what_records_hold_is_shown(server: Server, path: str) -> None:
    told = json.dumps(read(server, path))
    assert not [secret for secret in SECRETS if secret in told]


def test_the_proof_of_the_newest_record_says_that_its_day_goes_on(server: Server) -> None:
    proof = read(server, f"proof/{read(server, 'head')['Sequence']}")
    assert proof.keys() == {"Sequence", "Hash", "PreviousHash"}


def refusal(server: Server, path: str) -> tuple[int, str]:
    """The status and the error of a read that is refused."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        read(server, path)
    with refused.value as error:
        return error.code, error.headers["x-amzn-ErrorType"]


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("proof/999999", 404, "ResourceNotFoundException"),
        ("proof/x", 400, "ValidationException"),
        ("proof/0", 400, "ValidationException"),
        ("days?NextToken=x", 400, "InvalidPaginationTokenException"),
    ],
)
def test_what_there_is_not_is_said_as_to_anybody_else(
    server: Server, path: str, status: int, error: str
) -> None:
    assert refusal(server, path) == (status, error)


def test_all_else_still_wants_a_signature(server: Server) -> None:
    for path in ("records", "verification", "receipts/1"):
        assert refusal(server, path) == (400, "MissingAuthenticationTokenException")


def test_public_reads_leave_no_record_each(parts: Parts) -> None:
    before = parts.audit.newest()
    for _ in range(7):
        parts.gate.call("get_audit_head", {}, NOBODY)
    assert parts.audit.newest() == before


def test_nobody_gets_anything_else_from_the_gate(parts: Parts) -> None:
    with pytest.raises(AccessDeniedException):
        parts.gate.call("list_audit_records", {}, NOBODY)


def test_an_address_that_asks_too_often_is_throttled_and_nobody_else(
    installed_pack: InstalledPack, tmp_path: Path
) -> None:
    server = start_server(tmp_path / "data", environment={"REGARD_PUBLIC_REQUESTS": "3"})
    try:
        for _ in range(3):
            read(server, "head")
        assert refusal(server, "head") == (429, "ThrottlingException")
        assert server.client().list_collections()["CollectionIds"] == []
    finally:
        stop_server(server)
    database = Database.open(tmp_path / "data")
    try:
        counted = [one for one in AuditLog(database).export() if one["operation"] == "public reads"]
    finally:
        database.close()
    assert [one["counts"] for one in counted] == [{"GetAuditHead": 3}]


def with_key(server: Server, key_id: str, secret: str) -> Any:
    session = boto3.session.Session(botocore_session=unconfigured())
    keys = {"aws_access_key_id": key_id, "aws_secret_access_key": secret}
    return session.client("regard", endpoint_url=server.endpoint, region_name="us-east-1", **keys)


def test_a_receipt_is_the_answer_s_body_and_needs_nothing_else(server: Server) -> None:
    receipt = with_key(server, server.key_id, server.secret).get_audit_receipt(Record="3")
    del receipt["ResponseMetadata"]
    read_receipt(json.dumps(receipt).encode()).check(public_key=receipt["Day"]["PublicKey"])
    assert json.loads(receipt["Record"])["name"] == "ann"


def test_a_record_is_found_by_its_request(server: Server) -> None:
    client = with_key(server, server.key_id, server.secret)
    request_id = client.list_keys()["ResponseMetadata"]["RequestId"]
    assert json.loads(client.get_audit_receipt(Record=request_id)["Record"])["operation"] == "ListKeys"
    for unknown in ("none", "9" * 40):
        with pytest.raises(client.exceptions.ResourceNotFoundException, match=unknown):
            client.get_audit_receipt(Record=unknown)


def test_a_receipt_holds_its_record_and_so_is_for_those_who_may_read_the_log(server: Server) -> None:
    admin = with_key(server, server.key_id, server.secret)
    made = admin.create_key(Name="eve", Role="investigator")
    eve = with_key(server, made["KeyId"], made["SecretAccessKey"])
    with pytest.raises(eve.exceptions.AccessDeniedException):
        eve.get_audit_receipt(Record="3")


def test_the_model_says_of_each_operation_whether_it_is_public() -> None:
    own = load_api("regard").operations
    assert {key for key, one in own.items() if one.is_public} == {
        key for key, one in OPERATIONS.items() if one.is_public
    }
