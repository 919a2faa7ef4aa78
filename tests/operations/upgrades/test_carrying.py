"""A collection that 2.0 made is carried to another real model, from the photos, while it goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update
from tests.collections.made_models import OTHER
from tests.conftest import PICTURES
from tests.operations.upgrades.asking import faces_of, found, version_of
from tests.two_models import call, opened, photo

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    RegardError,
    ResourceNotFoundException,
)
from regard.storage.schema import faces


def test_from_a_folder_every_face_is_carried_with_its_id_user_and_tags(parts: Parts, album: Path) -> None:
    before = faces_of(parts)
    told: list[tuple[str, int, int]] = []
    request = {"CollectionId": "old", "Folder": album}
    answer = parts.gate.call("upgrade_collection", request, LOCAL, report=lambda *steps: told.append(steps))
    assert (answer["Switched"], answer["Missing"], answer["DroppedFaceIds"]) == (True, [], [])
    assert (answer["Faces"], answer["Carried"], answer["CarriedBefore"]) == (len(before), len(before), 0)
    assert version_of(parts) == answer["FaceModelVersion"] == OTHER.version
    after = faces_of(parts)
    for face in before:
        face["IndexFacesModelVersion"] = OTHER.version
    assert after == before
    assert found(parts, "hopper")[0] == "hopper"
    users = call(parts, "search_users_by_image", CollectionId="old", Image=photo("hopper"))
    assert [match["User"]["UserId"] for match in users["UserMatches"]] == ["grace"]
    arn = call(parts, "describe_collection", CollectionId="old")["CollectionARN"]
    assert call(parts, "list_tags_for_resource", ResourceArn=arn)["Tags"] == {"team": "red"}
    steps = [step for step in told if step[0] == "Making vectors anew"]
    assert steps[-1][1:] == (4, 4)


def test_what_it_makes_is_what_a_new_collection_of_the_photos_would_have(parts: Parts, album: Path) -> None:
    call(parts, "upgrade_collection", CollectionId="old", Folder=album)
    call(parts, "create_collection", CollectionId="new")
    for file in ("astronaut.jpg", "deeper/hopper.jpg", "deeper/group.jpg"):
        content = (album / file).read_bytes()
        request = {"CollectionId": "new", "Image": {"Bytes": content}, "ExternalImageId": Path(file).stem}
        call(parts, "index_faces", **request, QualityFilter="NONE")
    gallery, collections = parts.stores.gallery, parts.stores.collections
    for one, other in zip(faces_of(parts), faces_of(parts, "new"), strict=True):
        carried = gallery.vector(collections.get("old"), one["FaceId"])
        anew = gallery.vector(collections.get("new"), other["FaceId"])
        assert carried is not None
        assert anew is not None
        assert carried.tolist() == anew.tolist()


def test_faces_without_a_photo_are_told_and_nothing_is_switched(parts: Parts, album: Path) -> None:
    (album / "deeper/hopper.jpg").unlink()
    answer = call(parts, "upgrade_collection", CollectionId="old", Folder=album)
    [missing] = answer["Missing"]
    assert not answer["Switched"]
    assert (missing["ExternalImageId"], missing["UserId"]) == ("hopper", "grace")
    assert "No photo with the bytes" in missing["Reason"]
    assert version_of(parts) == "2.0"
    assert found(parts, "hopper")[0] == "hopper"
    shutil.copy(PICTURES / "hopper.jpg", album / "elsewhere.jpg")
    again = call(parts, "upgrade_collection", CollectionId="old", Folder=album)
    assert (again["Switched"], again["Carried"], again["CarriedBefore"]) == (True, 1, 9)


def test_faces_that_are_left_out_are_erased_and_in_the_audit_log(parts: Parts, album: Path) -> None:
    (album / "deeper/hopper.jpg").unlink()
    gone = [face["FaceId"] for face in faces_of(parts) if face["ExternalImageId"] == "hopper"]
    answer = call(parts, "upgrade_collection", CollectionId="old", Folder=album, DropMissing=True)
    assert answer["Switched"]
    assert answer["DroppedFaceIds"] == gone
    assert len(faces_of(parts)) == 9
    assert call(parts, "list_users", CollectionId="old")["Users"][0]["UserStatus"] == "CREATED"
    records = [one for one in parts.audit.export() if one["operation"] == "UpgradeCollection"]
    assert [one["outcome"] for one in records] == ["begun", "ok"]
    facts = records[-1]["facts"]
    assert (facts["DroppedFaceIds"], facts["Switched"], facts["FaceModelVersion"]) == (
        gone,
        True,
        OTHER.version,
    )
    assert (records[-1]["collection"], records[-1]["results"]["Missing"]) == ("old", 1)


def test_photos_in_a_bucket_and_in_a_manifest_do_as_well(parts: Parts, album: Path, tmp_path: Path) -> None:
    answer = call(parts, "upgrade_collection", CollectionId="old", Bucket="photos/hopp")
    assert (answer["Photos"], answer["Carried"]) == (1, 1)
    lines = [
        json.dumps({"source-ref": f"s3://photos/{name}.jpg"}) for name in ("gravel", "astronaut", "none")
    ]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(lines))
    answer = call(parts, "upgrade_collection", CollectionId="old", Manifest=manifest)
    assert (answer["Photos"], answer["Carried"], answer["CarriedBefore"]) == (3, 1, 1)
    assert [one["Photo"] for one in answer["Unreadable"]] == ["s3://photos/none.jpg"]
    assert len(answer["Missing"]) == 8
    assert call(parts, "upgrade_collection", CollectionId="old", Folder=album)["Switched"]


def test_photos_that_were_saved_anew_are_found_by_their_names_where_that_is_asked_for(
    parts: Parts, album: Path
) -> None:
    for file in album.rglob("*.jpg"):
        Image.open(file).save(file, quality=80)
    assert len(call(parts, "upgrade_collection", CollectionId="old", Folder=album)["Missing"]) == 10
    Image.open(PICTURES / "hopper.jpg").save(album / "astronaut.png")  # somebody else by that name
    answer = call(parts, "upgrade_collection", CollectionId="old", Folder=album, ByName=True)
    assert answer["Switched"]
    assert found(parts, "hopper")[0] == "hopper"
    assert found(parts, "astronaut")[0] == "astronaut"
    [record] = [one for one in parts.audit.export() if one.get("facts", {}).get("Switched")]
    assert record["facts"]["ByName"]


def test_imported_embeddings_are_carried_by_their_names(parts: Parts, album: Path, tmp_path: Path) -> None:
    gallery, collection = parts.stores.gallery, parts.stores.collections.get("old")
    [face] = [one for one in gallery.page(collection, after=0, limit=99) if one.external_image_id == "hopper"]
    vector = gallery.vector(collection, face.face_id)
    assert vector is not None
    np.save(tmp_path / "v.npy", vector[None])
    (tmp_path / "ids.txt").write_text("hopper")
    imported = {"File": tmp_path / "v.npy", "Ids": tmp_path / "ids.txt", "FaceModelVersion": "2.0"}
    call(parts, "import_faces", CollectionId="imported", **imported)
    before = faces_of(parts, "imported")
    assert not call(parts, "upgrade_collection", CollectionId="imported", Folder=album)["Switched"]
    answer = call(parts, "upgrade_collection", CollectionId="imported", Folder=album, ByName=True)
    assert (answer["Switched"], answer["Carried"]) == (True, 1)
    assert [one["FaceId"] for one in faces_of(parts, "imported")] == [one["FaceId"] for one in before]
    request = {"CollectionId": "imported", "Image": photo("hopper"), "FaceMatchThreshold": 99.0}
    assert len(call(parts, "search_faces_by_image", **request)["FaceMatches"]) == 1


def test_a_face_that_is_not_at_its_place_is_told_with_the_photo(parts: Parts, album: Path) -> None:
    with parts.database.write() as connection:
        connection.exec_driver_sql(
            'update faces set "left" = 0, top = 0, width = .05, height = .05 '
            "where external_image_id = 'astronaut'"
        )
    [missing] = call(parts, "upgrade_collection", CollectionId="old", Folder=album)["Missing"]
    assert missing["Reason"] == "No face was found at its place in astronaut.jpg."


def test_a_photo_that_is_no_picture_any_more_is_told(parts: Parts, album: Path) -> None:
    nothing = hashlib.sha256(b"").hexdigest()
    with parts.database.write() as connection:
        connection.execute(
            update(faces).where(faces.c.external_image_id == "hopper").values(image_digest=nothing)
        )
    (album / "empty.jpg").write_bytes(b"")
    answer = call(parts, "upgrade_collection", CollectionId="old", Folder=album)
    assert [one["Photo"] for one in answer["Unreadable"]] == ["empty.jpg"]
    assert answer["Missing"][0]["Reason"].startswith("empty.jpg: ")


def test_celebrities_are_carried_too(parts: Parts, tmp_path: Path, album: Path) -> None:
    parts.close()
    older = opened(tmp_path / "data", "2.0")
    call(older, "put_celebrity", Name="Grace", Images=[photo("hopper")])
    older.close()
    newer = opened(tmp_path / "data")
    assert recognised(newer) == ["Grace"]
    answer = call(newer, "upgrade_celebrities", Folder=album)
    assert (answer["Switched"], answer["Faces"], answer["FaceModelVersion"]) == (True, 1, OTHER.version)
    assert recognised(newer) == ["Grace"]
    assert call(newer, "list_celebrities")["Celebrities"][0]["Photos"] == 1
    with pytest.raises(RegardError, match="already"):
        call(newer, "upgrade_celebrities", Folder=album)
    newer.close()


def recognised(parts: Parts) -> list[str]:
    answer = call(parts, "recognize_celebrities", Image=photo("hopper"))
    return [face["Name"] for face in answer["CelebrityFaces"]]


@pytest.mark.parametrize(
    ("request_", "error", "told"),
    [
        ({"CollectionId": "none"}, ResourceNotFoundException, "does not exist"),
        ({"CollectionId": "old", "FaceModelVersion": "2.0"}, RegardError, "has face model 2.0 already"),
        ({"CollectionId": "old", "FaceModelVersion": "9.0"}, InvalidParameterException, "doesn't know"),
        ({"CollectionId": "old", "Folder": Path("nowhere")}, RegardError, "There is no folder nowhere"),
    ],
)
def test_what_can_not_be_upgraded_is_said_and_changes_nothing(
    parts: Parts, request_: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        call(parts, "upgrade_collection", **request_)
    assert parts.stores.collections.get("old").next_model is None


def test_it_is_for_the_owner_of_the_data_folder_alone(parts: Parts) -> None:
    key = parts.keys.create("ann", "admin").holder
    with pytest.raises(AccessDeniedException, match="command line"):
        parts.gate.call("upgrade_collection", {"CollectionId": "old"}, key)
