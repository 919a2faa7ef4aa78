"""Faces are carried from their pictures, and under a strict purpose once it is settled who may keep them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.errors import RegardError
from regard.migration.places import PicturePlace
from regard.migration.records import MigrationOutcome, NotCarried, SourceFace
from regard.storage.schema import face_crops
from regard.vision.geometry import Box
from tests.responsible import Office

ARN = "arn:aws:rekognition:us-east-1:000000000000:collection/mugshots"


def migrate(parts: Parts, caller: Caller, pictures: Path, **options: Any) -> MigrationOutcome:
    found = parts.gate.call(
        "detect_faces", {"Image": {"Bytes": (pictures / "astronaut.jpg").read_bytes()}}, caller
    )
    box = found["FaceDetails"][0]["BoundingBox"]
    face = SourceFace(
        "3b8a1c2e-0d3f-4a55-9c1e-2f7b6a4d9e01",
        "9d3c1f7a-5b2e-4c68-8f0d-6e1a2b3c4d5e",
        "astronaut",
        Box(box["Left"], box["Top"], box["Width"], box["Height"]),
    )
    request = {
        "CollectionId": "mugshots",
        "Source": ARN,
        "Faces": [face],
        "Users": [],
        "Images": PicturePlace(folder=pictures),
        "Match": "external-id",
        "Workers": 1,
    }
    carried: MigrationOutcome = parts.gate.call("migrate_faces", request | options, caller)["Migration"]
    return carried


def owner(office: Office, name: str, role: str) -> Caller:
    """A person at the command line of the data folder, as `--as NAME` has them."""
    office.person(name, role)
    code = office.code(name, office.key(name, role))
    opened = office.call("open_session", Code=code, PersonId=name)
    return office.parts.stores.accountability.sessions.caller(opened["SessionToken"], LOCAL)


def test_of_a_persons_folder_each_picture_is_read_once_to_find_its_face_and_once_to_enrol_it(
    parts: Parts, portrait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "eileen").mkdir()
    image, faces = Image.open(portrait), []
    for number, cut in enumerate((0, 40, 80)):  # the same person, elsewhere in each picture
        file = tmp_path / "eileen" / f"{number}.jpg"
        image.crop((cut, 0, image.width, image.height - cut)).save(file, quality=95)
        answer = parts.gate.call("detect_faces", {"Image": {"Bytes": file.read_bytes()}}, LOCAL)
        box = answer["FaceDetails"][0]["BoundingBox"]
        place = Box(box["Left"], box["Top"], box["Width"], box["Height"])
        faces.append(SourceFace(str(uuid.uuid4()), str(uuid.uuid4()), "eileen", place))
    read: list[str] = []
    opened = PicturePlace.image
    monkeypatch.setattr(PicturePlace, "image", lambda self, key: (read.append(key), opened(self, key))[1])
    parts.gate.call("create_collection", {"CollectionId": "staff"}, LOCAL)
    request = {"CollectionId": "staff", "Source": ARN, "Faces": faces, "Users": [], "Match": "external-id"}
    images = PicturePlace(folder=tmp_path)
    carried = parts.gate.call("migrate_faces", request | {"Images": images, "Workers": 1}, LOCAL)["Migration"]
    assert (carried.enrolled, carried.left) == (3, {})
    assert sorted(read) == sorted([f"eileen/{number}.jpg" for number in range(3)] * 2)


def test_retention_and_consent_are_asked_for_before_the_first_face(parts: Parts, portrait: Path) -> None:
    office = Office(parts)
    otto = owner(office, "otto", "operator")
    office.call(
        "create_collection", otto, CollectionId="mugshots", Tags={"regard:purpose": "law-enforcement"}
    )
    with pytest.raises(RegardError, match="nothing says how long faces are kept"):
        migrate(parts, otto, portrait.parent)
    office.call("tag_resource", otto, ResourceArn=ARN, Tags={"regard:retention-days": "30"})
    with pytest.raises(RegardError, match="asks nobody for consent"):
        migrate(parts, otto, portrait.parent)
    carried = migrate(parts, otto, portrait.parent, WithoutConsent="Police act, section 12")
    assert (carried.enrolled, carried.left) == (1, {})
    [face] = parts.stores.gallery.page(parts.stores.collections.get("mugshots"), after=0, limit=2)
    crops = parts.stores.accountability.examination.crops
    portrait_kept = crops.get(face.row)
    assert portrait_kept
    with parts.database.write() as connection:  # as a run that was killed before it had left it
        connection.execute(face_crops.delete())
    again = migrate(parts, otto, portrait.parent, WithoutConsent="Police act, section 12")
    assert (again.enrolled, again.known, again.left) == (0, 1, {})
    assert crops.get(face.row) == portrait_kept


def test_where_pictures_of_two_names_fit_about_as_well_none_is_taken(
    parts: Parts, portrait: Path, tmp_path: Path
) -> None:
    for folder in ("alice", "bob"):
        (tmp_path / folder).mkdir()
    image = Image.open(portrait)
    image.save(tmp_path / "alice" / "astronaut.jpg", quality=95)
    image.save(tmp_path / "bob" / "astronaut.jpg", quality=80)
    image.save(tmp_path / "astronaut.jpg")
    parts.gate.call("create_collection", {"CollectionId": "mugshots"}, LOCAL)
    carried = migrate(parts, LOCAL, tmp_path)
    assert list(carried.left.values()) == [NotCarried.AMBIGUOUS]
