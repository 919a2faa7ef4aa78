"""What is erased on request is gone whole, and leaves a receipt that proves it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.collections.made_models import models_of
from tests.collections.test_user_vector import DIMENSION, VECTORS
from tests.collections.user_stores import Stores
from tests.governance.privacy.conftest import Clinic
from tests.postgres import Place
from tests.responsible import Office

from regard.caller import LOCAL, NOBODY, Caller
from regard.collections.erasing import FaceEraser, named, of_user
from regard.collections.followed import FollowedIndexes
from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException
from regard.governance.audit import AuditLog
from regard.governance.privacy.erasures import Cause, Erasures, Reason
from regard.governance.proof.receipt_file import read_receipt
from regard.governance.purpose import TAG

REASON = "asked for by letter of 3 March"


@pytest.fixture
def enrolled(clinic: Clinic) -> str:
    """Anna's face, in a collection of its own that asks for nothing."""
    clinic.office.call("create_collection", CollectionId="old")
    answer = clinic.enrol("anna", CollectionId="old")
    return str(answer["FaceRecords"][0]["Face"]["FaceId"])


def erase(clinic: Clinic, caller: Caller, **whose: Any) -> Any:
    return clinic.office.call("erase_faces", caller, CollectionId="old", Reason=REASON, **whose)


def test_a_person_s_faces_are_erased_and_the_receipt_proves_it(clinic: Clinic, enrolled: str) -> None:
    erasure = erase(clinic, clinic.petra, ExternalImageId="anna")
    assert (erasure["FaceIds"], erasure["FaceCount"]) == ([enrolled], 1)
    assert not clinic.office.call("list_faces", CollectionId="old")["Faces"]
    answer = clinic.office.call("get_receipt", NOBODY, ReceiptId=erasure["ReceiptId"])
    receipt = read_receipt(json.dumps(answer, default=str).encode())
    receipt.check()
    facts = json.loads(receipt.record)["facts"]
    assert (facts["FaceIds"], facts["Reason"]) == ([enrolled], REASON)


def test_a_face_that_a_user_holds_is_erased_and_the_user_with_its_last_face(
    clinic: Clinic, enrolled: str
) -> None:
    office = clinic.office
    office.call("create_user", CollectionId="old", UserId="anna")
    office.call("associate_faces", CollectionId="old", UserId="anna", FaceIds=[enrolled])
    erasure = erase(clinic, clinic.petra, UserId="anna")
    assert (erasure["FaceCount"], erasure["UserCount"]) == (1, 1)
    assert not office.call("list_users", CollectionId="old")["Users"]
    found = office.call("search_users_by_image", CollectionId="old", Image={"Bytes": clinic.face})
    assert not found["UserMatches"]


def test_what_is_left_of_a_user_is_found_by_the_faces_that_are_left(place: Place) -> None:
    stores = Stores(place.open())
    stores.collections.create("c", "1")
    first, second = stores.enrol(0, 2)
    stores.create("u")
    stores.associate("u", [first, second])
    database, audit = stores.database, AuditLog(stores.database)
    models = models_of(DIMENSION, VECTORS)
    eraser = FaceEraser(database, FollowedIndexes(database, models), models, Erasures(database, audit))
    done = eraser.erase(stores.collection, named([first]), Reason(cause=Cause.REQUESTED))
    assert (done.face_ids, done.users) == ((first,), 0)
    left = stores.gallery.vector(stores.collection, second)
    assert left is not None
    assert stores.users.vector(stores.collection, "u") == pytest.approx(left, abs=1e-3)
    eraser.erase(stores.collection, of_user("u"), Reason(cause=Cause.REQUESTED))
    assert (stores.collection.face_count, stores.collection.user_count) == (0, 0)
    audit.verify()


def test_erasing_nobody_is_refused(clinic: Clinic, enrolled: str) -> None:
    with pytest.raises(ResourceNotFoundException, match="no such faces"):
        erase(clinic, clinic.petra, ExternalImageId="berta")
    with pytest.raises(InvalidParameterException, match="exactly one of"):
        erase(clinic, clinic.petra, ExternalImageId="anna", FaceIds=[enrolled])
    with pytest.raises(InvalidParameterException, match="exactly one of"):
        erase(clinic, clinic.petra)


def test_privacy_erases_with_a_fresh_code_alone(clinic: Clinic, enrolled: str) -> None:
    for stale in (replace(clinic.petra, verified=1), replace(clinic.petra, verified=None)):
        with pytest.raises(AccessDeniedException):
            erase(clinic, stale, FaceIds=[enrolled])


def test_an_operator_erases_and_an_investigator_or_a_key_that_is_nobody_s_does_not(
    clinic: Clinic, enrolled: str
) -> None:
    office = clinic.office
    office.person("otto", "operator")
    office.person("ines", "investigator")
    for caller in (LOCAL, office.key("ines", "investigator")):
        with pytest.raises(AccessDeniedException):
            erase(clinic, caller, FaceIds=[enrolled])
    assert erase(clinic, office.key("otto", "operator"), FaceIds=[enrolled])["FaceCount"] == 1


def test_receipts_are_not_found_by_guessing(clinic: Clinic, enrolled: str) -> None:
    """Attack 14: receipt codes guessed."""
    receipt = erase(clinic, clinic.petra, FaceIds=[enrolled])["ReceiptId"]
    assert len(bytes.fromhex(receipt)) == 16
    for guess in (receipt[:-1] + ("0" if receipt[-1] != "0" else "1"), "1", "%", "A-2026-000001"):
        with pytest.raises(ResourceNotFoundException, match="no such receipt"):
            clinic.office.call("get_receipt", NOBODY, ReceiptId=guess)


@pytest.mark.parametrize("deletion", ["delete_faces", "delete_user", "delete_collection"])
def test_under_a_strict_purpose_each_deletion_leaves_a_receipt(
    office: Office, portrait: Path, deletion: str
) -> None:
    office.person("otto", "operator")
    otto = office.key("otto", "operator")
    office.call("create_collection", CollectionId="wanted", Tags={TAG: "law-enforcement"})
    picture = {"Bytes": portrait.read_bytes()}
    face = office.call("index_faces", otto, CollectionId="wanted", Image=picture)["FaceRecords"][0]["Face"]
    office.call("create_user", otto, CollectionId="wanted", UserId="x")
    more = {"delete_faces": {"FaceIds": [face["FaceId"]]}, "delete_user": {"UserId": "x"}}.get(deletion, {})
    office.call(deletion, otto, CollectionId="wanted", **more)
    (erasure,) = office.call("list_erasures")["Erasures"]
    assert erasure["Cause"] == "DELETED"
    *_, record, _ = office.parts.audit.export()
    assert record["receipt"] == erasure["ReceiptId"]


def test_a_deletion_where_nobody_is_protected_leaves_no_receipt(clinic: Clinic, enrolled: str) -> None:
    clinic.office.call("delete_faces", CollectionId="old", FaceIds=[enrolled])
    assert not clinic.office.call("list_erasures")["Erasures"]
