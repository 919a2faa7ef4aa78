from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from regard.errors import (
    ImageTooLargeException,
    InternalServerError,
    InvalidS3ObjectException,
    RegardError,
    VideoTooLargeException,
)
from regard.storage.buckets.objects import ObjectStore, parse_folders
from regard.storage.buckets.ranges import BLOCK


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


def test_an_object_of_a_folder_has_the_version_null_alone(objects: ObjectStore) -> None:
    """S3 lists it as VersionId where a bucket keeps no versions, and clients pass on what was listed."""
    assert objects.read("photos", "deep/a b.jpg", "null", limit=100) == b"picture"
    objects.check_video("photos", "deep/a b.jpg", "null", limit=100)
    for version in ("", "Null", "3sL4kqtJlcpXroDTDmJ"):
        with pytest.raises(InvalidS3ObjectException):
            objects.read("photos", "deep/a b.jpg", version, limit=100)


@pytest.mark.parametrize(
    "name", ["../secret", "deep/../../secret", "/etc/passwd", "deep", "", ".", "nowhere", "a\0b", "x" * 5000]
)
def test_nothing_outside_the_folder_exists(objects: ObjectStore, name: str) -> None:
    with pytest.raises(InvalidS3ObjectException) as caught:
        objects.read("photos", name, None, limit=100)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "name",
    ["./deep/a b.jpg", "deep/../deep/a b.jpg", "deep//a b.jpg", "deep/a b.jpg/", "deep/./a b.jpg", "{}"],
)
def test_a_file_has_one_name(objects: ObjectStore, bucket: Path, name: str) -> None:
    """Authorizations and cases name films: another name of the same one would be past them."""
    with pytest.raises(InvalidS3ObjectException):
        objects.check_video("photos", name.format(bucket / "deep" / "a b.jpg"), None, limit=100)


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
    with pytest.raises(ImageTooLargeException, match="^Image size is too large. .*6 bytes"):
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


def test_a_video_is_opened_as_a_file(objects: ObjectStore) -> None:
    with objects.open_video("photos", "deep/a b.jpg", None, limit=100) as file:
        assert (file.read(4), file.seek(0), file.read()) == (b"pict", 0, b"picture")
    assert file.closed


@pytest.mark.parametrize("name", ["../secret", "link", "pipe", "deep", "nowhere"])
def test_no_video_is_opened_where_no_picture_is_read(objects: ObjectStore, bucket: Path, name: str) -> None:
    os.mkfifo(bucket / "pipe")
    (bucket / "link").symlink_to(bucket.parent / "secret")
    with pytest.raises(InvalidS3ObjectException):
        objects.check_video("photos", name, None, limit=100)
    with pytest.raises(InvalidS3ObjectException), objects.open_video("photos", name, None, limit=100):
        pass


def test_a_video_that_is_too_large_is_not_opened(objects: ObjectStore) -> None:
    with pytest.raises(VideoTooLargeException):
        objects.check_video("photos", "deep/a b.jpg", None, limit=6)
    with pytest.raises(VideoTooLargeException), objects.open_video("photos", "deep/a b.jpg", None, limit=6):
        pass


@contextmanager
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str]]:
    """An S3 server: a client of it, and its endpoint."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        yield boto3.client("s3", endpoint_url=endpoint), endpoint
    finally:
        moto.stop()


def test_a_video_in_s3_that_is_replaced_while_it_is_read_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with amazon(monkeypatch) as (s3, endpoint):
        s3.create_bucket(Bucket="films")
        s3.put_object(Bucket="films", Key="a", Body=bytes(2 * BLOCK))
        store = ObjectStore({}, endpoint)
        with store.open_video("films", "a", None, limit=3 * BLOCK) as file:
            assert len(file.read(10)) == 10
            s3.put_object(Bucket="films", Key="a", Body=b"1" * 2 * BLOCK)
            file.seek(BLOCK + 5)
            with pytest.raises(InvalidS3ObjectException, match="replaced or removed"):
                file.read(10)
    with pytest.raises(InternalServerError, match="can't be reached"):
        store.check_video("films", "a", None, limit=100)


NAMES = (
    "a b.jpg",
    "a+b.jpg",
    "a%20b%2Bc.jpg",
    "größe/Ærø né.jpg",
    "名前 ½.jpg",
    "what? #1 & 'so' = \"on\";.jpg",
    "~user@host,$(x).jpg",
    "deep/" * 179 + "a.jpg",  # 900 characters
)


@pytest.mark.parametrize("name", NAMES)
def test_a_key_of_any_characters_is_read_from_a_folder(objects: ObjectStore, bucket: Path, name: str) -> None:
    (bucket / name).parent.mkdir(parents=True, exist_ok=True)
    (bucket / name).write_bytes(name.encode())
    assert objects.read("photos", name, None, limit=10_000) == name.encode()


def test_a_key_of_any_characters_is_read_from_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    with amazon(monkeypatch) as (s3, endpoint):
        s3.create_bucket(Bucket="album")
        store = ObjectStore({}, endpoint)
        for name in NAMES:
            s3.put_object(Bucket="album", Key=name, Body=name.encode())
            assert store.read("album", name, None, limit=10_000) == name.encode()
            with store.open_video("album", name, None, limit=10_000) as file:
                assert file.read() == name.encode()


def test_the_keys_of_a_folder_are_listed_in_order_by_their_beginning(
    objects: ObjectStore, bucket: Path
) -> None:
    for name in ("z.jpg", "deep/b.jpg", "deeper/c.jpg"):
        (bucket / name).parent.mkdir(exist_ok=True)
        (bucket / name).write_bytes(b"picture")
    assert list(objects.keys("photos")) == ["deep/a b.jpg", "deep/b.jpg", "deeper/c.jpg", "z.jpg"]
    assert list(objects.keys("photos", "deep/")) == ["deep/a b.jpg", "deep/b.jpg"]
    with pytest.raises(InvalidS3ObjectException):
        list(objects.keys("unknown"))


def test_all_keys_of_a_bucket_in_s3_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    with amazon(monkeypatch) as (s3, endpoint):
        s3.create_bucket(Bucket="album")
        names = [f"people/{number:04}.jpg" for number in range(1001)]  # a page has a thousand
        for name in (*names, "other.jpg"):
            s3.put_object(Bucket="album", Key=name, Body=b"picture")
        store = ObjectStore({}, endpoint)
        assert list(store.keys("album", "people/")) == names
        with pytest.raises(InvalidS3ObjectException):
            list(store.keys("nowhere"))


def test_a_part_of_an_object_in_s3_is_of_the_object_that_was_asked_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with amazon(monkeypatch) as (s3, endpoint):
        s3.create_bucket(Bucket="films")
        s3.put_object(Bucket="films", Key="a", Body=b"0123456789")
        objects = ObjectStore({}, endpoint=endpoint)
        facts = objects.facts("films", "a", None, limit=100)
        assert facts.size == 10
        assert objects.part("films", "a", None, first=3, last=5, tag=facts.tag) == b"345"
        s3.put_object(Bucket="films", Key="a", Body=b"9876543210")
        with pytest.raises(InvalidS3ObjectException):
            objects.part("films", "a", None, first=3, last=5, tag=facts.tag)
