from __future__ import annotations

import os
from pathlib import Path

import pytest

from regard.errors import ImageTooLargeException, InvalidS3ObjectException, RegardError
from regard.storage.objects import ObjectStore, parse_folders


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a b.jpg").write_bytes(b"picture")
    (tmp_path / "secret").write_bytes(b"secret")
    return folder


@pytest.fixture
def objects(bucket: Path) -> ObjectStore:
    return ObjectStore({"photos": bucket}, endpoint=None)


def test_a_folder_is_read_as_a_bucket(objects: ObjectStore) -> None:
    assert objects.read("photos", "deep/a b.jpg", None, limit=100) == b"picture"


@pytest.mark.parametrize(
    "name", ["../secret", "deep/../../secret", "/etc/passwd", "deep", "", ".", "nowhere", "a\0b", "x" * 5000]
)
def test_nothing_outside_the_folder_exists(objects: ObjectStore, name: str) -> None:
    with pytest.raises(InvalidS3ObjectException) as caught:
        objects.read("photos", name, None, limit=100)
    assert "secret" not in caught.value.message


def test_a_link_that_leads_outside_does_not_exist(objects: ObjectStore, bucket: Path) -> None:
    (bucket / "link").symlink_to(bucket.parent / "secret")
    (bucket / "loop").symlink_to(bucket / "loop")
    for name in ("link", "loop"):
        with pytest.raises(InvalidS3ObjectException):
            objects.read("photos", name, None, limit=100)


def test_a_pipe_is_no_picture_and_blocks_nobody(objects: ObjectStore, bucket: Path) -> None:
    os.mkfifo(bucket / "pipe")
    with pytest.raises(InvalidS3ObjectException):
        objects.read("photos", "pipe", None, limit=100)


def test_a_large_object_is_refused_before_it_is_read(objects: ObjectStore) -> None:
    with pytest.raises(ImageTooLargeException):
        objects.read("photos", "deep/a b.jpg", None, limit=6)


def test_an_unknown_bucket_is_never_fetched_from_outside_by_default(objects: ObjectStore) -> None:
    with pytest.raises(InvalidS3ObjectException):
        objects.read("amazon", "a", None, limit=100)


def test_folders_are_parsed(bucket: Path) -> None:
    assert parse_folders(f"a={bucket}, b={bucket}") == {"a": bucket, "b": bucket}
    assert parse_folders("") == {}


@pytest.mark.parametrize("text", ["photos", "=x", "photos=", "photos=/no/such/folder"])
def test_a_bucket_that_can_not_be_served_is_refused_at_start(text: str) -> None:
    with pytest.raises(RegardError):
        parse_folders(text)
