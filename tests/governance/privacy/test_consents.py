"""Where a collection asks for it, nobody's face is enrolled without consent, nor kept when that is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests import scenes
from tests.governance.privacy.conftest import AGREED, Clinic
from tests.responsible import Office
from typer.testing import CliRunner

from regard.app import build
from regard.caller import LOCAL
from regard.cli import app
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    RegardError,
    ResourceNotFoundException,
)
from regard.packs.install import InstalledPack
from regard.settings import Settings

Later = Callable[[timedelta], None]


def test_a_face_is_enrolled_with_the_consent_of_its_person(clinic: Clinic) -> None:
    consent = clinic.consent("anna")
    clinic.enrol("anna")
    *_, enrolment = clinic.office.parts.audit.export()
    assert (enrolment["operation"], enrolment["consent"]) == ("IndexFaces", consent["ConsentId"])


def test_nobody_is_enrolled_without_consent(clinic: Clinic) -> None:
    clinic.consent("anna")
    with pytest.raises(AccessDeniedException, match="no valid consent of 'berta'"):
        clinic.enrol("berta")
    assert not clinic.faces()


def test_a_face_that_is_nobody_s_is_not_enrolled(clinic: Clinic) -> None:
    with pytest.raises(InvalidParameterException, match="ExternalImageId says whose it is"):
        clinic.enrol()


def test_a_consent_is_for_one_collection_alone(clinic: Clinic) -> None:
    clinic.office.call("create_collection", CollectionId="other")
    clinic.consent("anna", CollectionId="other")
    with pytest.raises(AccessDeniedException, match="no valid consent"):
        clinic.enrol("anna")


def test_a_collection_that_is_made_anew_has_no_consents(clinic: Clinic) -> None:
    clinic.consent("anna")
    clinic.office.call("delete_collection", CollectionId="members")
    clinic.office.call("create_collection", CollectionId="members", Tags={"regard:consent": "required"})
    with pytest.raises(AccessDeniedException, match="no valid consent"):
        clinic.enrol("anna")


def test_a_bystander_in_the_picture_is_never_enrolled(
    clinic: Clinic, portrait: Path, other_portrait: Path
) -> None:
    """Attack 11: somebody else stands in the picture of a person who has consented."""
    clinic.consent("anna")
    image, _ = scenes.group([200, 190])
    with pytest.raises(InvalidParameterException, match="another person, who has not consented"):
        clinic.enrol("anna", Image={"Bytes": scenes.jpeg(image)})
    assert not clinic.faces()


def test_of_a_picture_the_largest_face_alone_is_enrolled(clinic: Clinic) -> None:
    clinic.consent("anna")
    image, _ = scenes.group([300, 100])
    answer = clinic.enrol("anna", Image={"Bytes": scenes.jpeg(image)}, MaxFaces=10)
    assert len(answer["FaceRecords"]) == len(clinic.faces()) == 1
    (other,) = answer["UnindexedFaces"]
    enrolled = answer["FaceRecords"][0]["Face"]["BoundingBox"]
    assert enrolled["Height"] > 2 * other["FaceDetail"]["BoundingBox"]["Height"]


def test_withdrawal_erases_the_person_s_faces_and_leaves_a_receipt(clinic: Clinic) -> None:
    consent = clinic.consent("anna")
    clinic.consent("berta")
    enrolled = clinic.enrol("anna")["FaceRecords"][0]["Face"]["FaceId"]
    clinic.enrol("berta")
    withdrawn = clinic.office.call("withdraw_consent", clinic.petra, ConsentId=consent["ConsentId"])
    assert withdrawn["State"] == "ERASED"
    assert withdrawn["Erasure"]["FaceIds"] == [enrolled]
    assert [face["ExternalImageId"] for face in clinic.faces()] == ["berta"]


def test_who_has_withdrawn_is_not_enrolled_again(clinic: Clinic) -> None:
    """Attack 11: withdrawn consent re-enrolled, by the old consent or one that is said to be of then."""
    consent = clinic.consent("anna")
    clinic.office.call("withdraw_consent", clinic.petra, ConsentId=consent["ConsentId"])
    with pytest.raises(AccessDeniedException, match="no valid consent"):
        clinic.enrol("anna")
    with pytest.raises(InvalidParameterException, match="has withdrawn since"):
        clinic.consent("anna", TextVersion="2026-02")
    clinic.consent("anna", GivenAt=datetime.now(UTC))
    clinic.enrol("anna")


def test_withdrawing_one_consent_withdraws_every_other_of_the_person(clinic: Clinic) -> None:
    first, second = clinic.consent("anna"), clinic.consent("anna", TextVersion="2026-02")
    clinic.office.call("withdraw_consent", clinic.petra, ConsentId=first["ConsentId"])
    listed = clinic.office.call("list_consents", clinic.petra, Subject="anna")["Consents"]
    assert {one["ConsentId"]: one["State"] for one in listed} == {
        first["ConsentId"]: "ERASED",
        second["ConsentId"]: "ERASED",
    }


def test_a_consent_that_has_ended_takes_the_faces_with_it_before_anybody_is_shown_them(
    clinic: Clinic, later: Later
) -> None:
    clinic.consent("anna", Until=datetime.now(UTC) + timedelta(days=10))
    clinic.enrol("anna")
    later(timedelta(days=11))
    found = clinic.office.call("search_faces_by_image", CollectionId="members", Image={"Bytes": clinic.face})
    assert not found["FaceMatches"]
    assert clinic.office.call("describe_collection", CollectionId="members")["FaceCount"] == 0
    assert clinic.office.call("list_erasures")["Erasures"][0]["Cause"] == "CONSENT_ENDED"


def test_another_consent_keeps_the_faces_when_the_first_has_ended(clinic: Clinic, later: Later) -> None:
    clinic.consent("anna", Until=datetime.now(UTC) + timedelta(days=10))
    clinic.enrol("anna")
    clinic.consent("anna", Until=datetime.now(UTC) + timedelta(days=20))
    later(timedelta(days=11))
    assert len(clinic.faces()) == 1
    later(timedelta(days=21))
    assert not clinic.faces()


def test_a_consent_is_not_recorded_before_it_is_given_nor_after_its_end(clinic: Clinic) -> None:
    tomorrow, yesterday = datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(InvalidParameterException, match="lies in the future"):
        clinic.consent("anna", GivenAt=tomorrow)
    with pytest.raises(InvalidParameterException, match="is over already"):
        clinic.consent("anna", Until=yesterday)


def test_recording_the_same_consent_again_changes_nothing(clinic: Clinic) -> None:
    given = datetime.now(UTC) - timedelta(hours=1)
    assert clinic.consent("anna", GivenAt=given) == clinic.consent("anna", GivenAt=given)


def test_many_consents_are_recorded_all_or_none(clinic: Clinic) -> None:
    given = datetime.now(UTC) - timedelta(hours=1)
    good = {"Subject": "anna", "GivenAt": given, **AGREED}
    bad = {**good, "Subject": "berta", "GivenAt": given + timedelta(days=1)}
    with pytest.raises(InvalidParameterException):
        clinic.office.call("import_consents", clinic.petra, CollectionId="members", Consents=[good, bad])
    assert not clinic.office.call("list_consents", clinic.petra)["Consents"]
    done = clinic.office.call("import_consents", clinic.petra, CollectionId="members", Consents=[good])
    assert len(done["ConsentIds"]) == 1


def test_only_who_protects_privacy_records_consents(clinic: Clinic) -> None:
    office = clinic.office
    office.person("otto", "operator")
    request = {"CollectionId": "members", "Subject": "anna", "GivenAt": datetime.now(UTC), **AGREED}
    for caller in (LOCAL, office.key("otto", "operator")):
        with pytest.raises(AccessDeniedException):
            office.call("put_consent", caller, **request)


def test_a_collection_asks_for_consent_once_everybody_in_it_has_given_it(
    clinic: Clinic, portrait: Path
) -> None:
    office = clinic.office
    office.call("create_collection", CollectionId="old")
    arn = office.call("describe_collection", CollectionId="old")["CollectionARN"]
    office.call(
        "index_faces", CollectionId="old", Image={"Bytes": portrait.read_bytes()}, ExternalImageId="anna"
    )
    with pytest.raises(InvalidParameterException, match="1 faces of people whose consent is not recorded"):
        office.call("tag_resource", ResourceArn=arn, Tags={"regard:consent": "required"})
    clinic.consent("anna", CollectionId="old")
    office.call("tag_resource", ResourceArn=arn, Tags={"regard:consent": "required"})


def test_asking_for_no_consent_any_more_takes_an_administrator(clinic: Clinic) -> None:
    office = clinic.office
    office.person("otto", "operator")
    arn = office.call("describe_collection", CollectionId="members")["CollectionARN"]
    with pytest.raises(AccessDeniedException, match="ask an administrator"):
        office.call(
            "untag_resource", office.key("otto", "operator"), ResourceArn=arn, TagKeys=["regard:consent"]
        )
    office.call("untag_resource", ResourceArn=arn, TagKeys=["regard:consent"])
    clinic.enrol("anybody")


@pytest.mark.parametrize("tag", [{"regard:consent": "yes"}, {"Regard:Consent": "required"}])
def test_a_tag_that_resembles_the_rule_is_refused(office: Office, tag: dict[str, str]) -> None:
    with pytest.raises(InvalidParameterException, match="regard:consent"):
        office.call("create_collection", CollectionId="lookalike", Tags=tag)


def test_embeddings_are_imported_with_consent_alone(clinic: Clinic, tmp_path: Path) -> None:
    dimension = clinic.office.parts.face_models.default.dimension
    vectors = np.random.default_rng(1).normal(size=(2, dimension)).astype(np.float32)
    np.save(tmp_path / "faces.npy", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    (tmp_path / "ids.txt").write_text("anna\nberta\n")
    request = {"CollectionId": "members", "File": tmp_path / "faces.npy"}
    clinic.consent("anna")
    with pytest.raises(RegardError, match="each row names whose it is"):
        clinic.office.call("import_faces", **request)
    with pytest.raises(RegardError, match="no valid consent of 'berta'"):
        clinic.office.call("import_faces", **request, Ids=tmp_path / "ids.txt")
    assert not clinic.faces()
    clinic.consent("berta")
    assert clinic.office.call("import_faces", **request, Ids=tmp_path / "ids.txt")["Added"] == 2


def test_a_restored_backup_makes_no_withdrawn_consent_valid_again(clinic: Clinic, tmp_path: Path) -> None:
    """Attack 10 and 11: an old backup is restored, to enrol by a consent that was withdrawn since."""
    consent = clinic.consent("anna")
    clinic.enrol("anna")
    data, backup = clinic.office.parts.settings.data, tmp_path / "backup.regard"
    runner = CliRunner()
    assert runner.invoke(app, ["backup", str(backup), "--data", str(data)]).exit_code == 0
    clinic.office.call("withdraw_consent", clinic.petra, ConsentId=consent["ConsentId"])
    clinic.office.parts.close()
    done = runner.invoke(app, ["restore", str(backup), "--force", "--yes", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert "1 consent" in done.output
    parts = build(Settings.load({}, data=data))
    try:
        restored = replace(clinic, office=Office(parts))
        assert not restored.faces()
        with pytest.raises(AccessDeniedException, match="no valid consent"):
            restored.enrol("anna")
    finally:
        parts.close()


def test_where_the_rules_always_ask_no_tag_is_needed_and_celebrities_are_no_way_round(
    installed_pack: InstalledPack, tmp_path: Path, portrait: Path
) -> None:
    parts = build(Settings.load({}, data=tmp_path / "data", profiles="us-private"))
    try:
        office, picture = Office(parts), {"Bytes": portrait.read_bytes()}
        office.call("create_collection", CollectionId="untagged")
        with pytest.raises(AccessDeniedException, match="no valid consent of 'anna'"):
            office.call("index_faces", CollectionId="untagged", Image=picture, ExternalImageId="anna")
        with pytest.raises(AccessDeniedException, match="celebrities give none"):
            office.call("put_celebrity", Name="Anna", Images=[picture])
    finally:
        parts.close()


def test_consents_for_a_collection_that_there_never_was_are_not_listed(clinic: Clinic) -> None:
    with pytest.raises(ResourceNotFoundException):
        clinic.office.call("list_consents", clinic.petra, CollectionId="never-made")
