"""Consent and erasure, by unmodified clients on a running server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.clients.test_strict_clients import as_key, credentials
from tests.conftest import Server
from tests.governance.privacy.conftest import AGREED
from tests.responsible import Office

from regard.app import build
from regard.governance.proof.receipt_file import read_receipt
from regard.settings import Settings

GALLERY = "privacy-clients"


@dataclass(frozen=True)
class Practice:
    """A gallery that takes consent on a running server, and boto3 clients of two people."""

    server: Server
    operator: Any
    privacy: Any
    face: bytes

    def enrol(self, subject: str) -> Any:
        """As Rekognition's client does it, who knows of no consent."""
        return self.operator.index_faces(
            CollectionId=GALLERY, Image={"Bytes": self.face}, ExternalImageId=subject
        )


@pytest.fixture(scope="module")
def practice(server: Server, portrait: Path) -> Iterator[Practice]:
    parts = build(Settings.load(data=server.data), has_models=False)
    office = Office(parts)
    office.person("otto-consent", "operator")
    office.person("petra-consent", "privacy")
    operator = as_key(server, credentials(office, "otto-consent", "operator"))
    privacy = as_key(server, credentials(office, "petra-consent", "privacy"), service="regard")
    operator.create_collection(CollectionId=GALLERY, Tags={"regard:consent": "required"})
    yield Practice(server, operator, privacy, portrait.read_bytes())
    parts.close()


def test_boto3_enrols_with_consent_and_is_told_what_is_missing_without(practice: Practice) -> None:
    with pytest.raises(ClientError, match="no valid consent of 'anna'") as refused:
        practice.enrol("anna")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    given = datetime.now(UTC) - timedelta(minutes=5)
    practice.privacy.put_consent(CollectionId=GALLERY, Subject="anna", GivenAt=given, **AGREED)
    assert len(practice.enrol("anna")["FaceRecords"]) == 1


def test_whoever_has_its_id_reads_the_receipt_of_an_erasure_unsigned(practice: Practice) -> None:
    given = datetime.now(UTC) - timedelta(minutes=5)
    made = practice.privacy.put_consent(CollectionId=GALLERY, Subject="berta", GivenAt=given, **AGREED)
    practice.enrol("berta")
    withdrawn = practice.privacy.withdraw_consent(ConsentId=made["ConsentId"], Reason="she asked")
    assert withdrawn["Erasure"]["FaceCount"] == 1
    address = f"{practice.server.endpoint}/regard/v1/receipts/{withdrawn['Erasure']['ReceiptId']}"
    with urllib.request.urlopen(address) as answer:
        body = answer.read()
    receipt = read_receipt(body)
    receipt.check()
    assert json.loads(receipt.record)["facts"]["FaceIds"] == withdrawn["Erasure"]["FaceIds"]
    with pytest.raises(urllib.error.HTTPError, match="404") as unknown:
        urllib.request.urlopen(address[:-4] + "0000")
    unknown.value.close()


def test_anybody_sends_feedback_without_a_key_and_reads_the_answer_by_the_code(practice: Practice) -> None:
    address = f"{practice.server.endpoint}/regard/v1/feedback"
    body = json.dumps({"Kind": "ACCESS", "Text": "What do you have of me?"}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        code = json.load(answer)["Code"]
    with urllib.request.urlopen(f"{address}/{code}") as answer:
        assert json.load(answer)["State"] == "RECEIVED"
    log = practice.server.data.parent / f"{practice.server.data.name}.log"
    assert code not in log.read_text()
    for _ in range(4):
        urllib.request.urlopen(request).close()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as error:
        assert error.headers["x-amzn-ErrorType"] == "LimitExceededException"
