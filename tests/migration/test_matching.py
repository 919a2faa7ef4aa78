"""Which picture a face is of, and which face of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import InvalidS3ObjectException, RegardError
from regard.migration.overlap import same_boxes
from regard.migration.pictures import Matching, PicturesByList, PicturesByName
from regard.migration.places import PicturePlace
from regard.migration.records import SourceFace
from regard.storage.buckets.objects import ObjectStore
from regard.vision.geometry import Box


def face(external_image_id: str) -> SourceFace:
    return SourceFace("f", "i", external_image_id, Box(0.1, 0.1, 0.2, 0.2))


@pytest.mark.parametrize("name", ["ann.jpg", "ann", "staff"])
def test_an_external_id_is_a_pictures_name_or_its_folders(name: str) -> None:
    pictures = PicturesByName(["a/staff/ann.jpg", "a/guests/bob.png"], Matching.EXTERNAL_ID, "a/")
    assert list(pictures.of([face(name)])) == ["a/staff/ann.jpg"]


@pytest.mark.parametrize("name", ["staff:ann.jpg", "staff_ann", "staff-Ann.jpg"])
def test_an_object_key_is_known_whatever_stands_for_its_slashes(name: str) -> None:
    pictures = PicturesByName(["a/staff/ann.jpg", "a/guests/ann.jpg"], Matching.OBJECT_KEY, "a/")
    assert list(pictures.of([face(name)])) == ["a/staff/ann.jpg"]


@pytest.mark.parametrize("name", ["_____.jpg", "______jpg", "", "_"])
def test_a_key_without_a_letter_that_may_be_in_an_id_is_nobodys(name: str) -> None:
    assert not PicturesByName(["Иванов.jpg", "a.jpg"], Matching.OBJECT_KEY).of([face(name)])


def test_one_character_stands_for_each_that_an_id_cannot_have() -> None:
    pictures = PicturesByName(["a/b.jpg", "a__b.jpg", "a b.jpg"], Matching.OBJECT_KEY)
    assert pictures.of([face("a_b.jpg")]) == {"a/b.jpg": "a/b", "a b.jpg": "a b"}


def test_pictures_of_one_name_in_two_folders_go_by_two_names() -> None:
    pictures = PicturesByName(["alice/1.jpg", "alice/2.jpg", "bob/1.jpg"], Matching.EXTERNAL_ID)
    assert len(set(pictures.of([face("1.jpg")]).values())) == 2
    assert len(set(pictures.of([face("alice")]).values())) == 1


def test_a_prefix_may_name_a_picture() -> None:
    pictures = PicturesByName(["photo.jpg"], Matching.OBJECT_KEY, "photo.jpg")
    assert list(pictures.of([face("photo.jpg")])) == ["photo.jpg"]


@pytest.mark.parametrize("key", ["a\0.jpg", "a" * 5000 + ".jpg"])
def test_a_picture_that_cannot_be_read_is_none(tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidS3ObjectException):
        PicturePlace(folder=tmp_path).image(key)


def test_a_face_without_a_name_has_no_picture() -> None:
    assert PicturesByName(["ann.jpg"], Matching.EXTERNAL_ID).of([face("")]) == {}


def test_a_list_without_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("face_id,file\nf,ann.jpg\n")
    with pytest.raises(RegardError, match="needs a column `key`"):
        PicturesByList(tmp_path / "list.csv")


def test_a_list_leads_nowhere_outside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (tmp_path / "pictures").mkdir()
    with pytest.raises(InvalidS3ObjectException):
        PicturePlace(folder=tmp_path / "pictures").image("../secret.jpg")


def test_each_face_is_paired_once_with_what_shares_the_most_in_all() -> None:
    source = [Box(0.0, 0.0, 0.4, 0.4), Box(0.1, 0.0, 0.4, 0.4)]
    here = [Box(0.1, 0.0, 0.4, 0.4), Box(0.0, 0.0, 0.4, 0.4), Box(0.6, 0.6, 0.2, 0.2)]
    assert [(one, other) for one, other, _ in same_boxes(source, here)] == [(0, 1), (1, 0)]


def test_boxes_that_share_less_than_half_are_no_pair() -> None:
    assert same_boxes([Box(0.0, 0.0, 0.4, 0.4)], [Box(0.2, 0.0, 0.4, 0.4)]) == []


def test_pictures_in_a_bucket_are_those_below_its_prefix(tmp_path: Path) -> None:
    (tmp_path / "staff").mkdir()
    for name in ("staff/ann.jpg", "staff/notes.txt", "guest.png"):
        (tmp_path / name).write_bytes(b"x")
    place, objects = PicturePlace.parse("s3://photos/staff/"), ObjectStore({"photos": tmp_path}, None)
    assert list(place.keys(objects)) == ["staff/ann.jpg"]
    assert list(place.candidates("object-key", objects).of([face("ann")])) == ["staff/ann.jpg"]
    assert place.image("staff/ann.jpg") == {"S3Object": {"Bucket": "photos", "Name": "staff/ann.jpg"}}


def test_what_says_neither_names_nor_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegardError, match="matched by external-id, object-key or FILE.csv"):
        PicturePlace(folder=tmp_path).candidates("names", ObjectStore({}, None))
