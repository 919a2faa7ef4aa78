"""Objects that are written: whole or not at all, where that is allowed, and nowhere else."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from regard.errors import InternalServerError
from regard.storage.buckets import written_files
from regard.storage.buckets.objects import NotWritten, ObjectStore, parse_names


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


@pytest.fixture
def objects(bucket: Path) -> ObjectStore:
    return ObjectStore({"results": bucket, "other": bucket}, None, {"results"})


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_object_is_a_file_whose_folders_are_made(objects: ObjectStore, bucket: Path) -> None:
    objects.write("results", "a/b c/d.jsonl", [b"one", b"", b"two"])
    assert (bucket / "a" / "b c" / "d.jsonl").read_bytes() == b"onetwo"
    objects.write("results", "a/b c/d.jsonl", [b"three"])
    assert (bucket / "a" / "b c" / "d.jsonl").read_bytes() == b"three"
    assert files(bucket) == ["a/b c/d.jsonl"]


@pytest.mark.parametrize(
    "key", ["", "/etc/x", "../x", "a/../x", "a//b", "a/", "./a", "a/.", "a\0b", "x" * 256, "\ud800"]
)
def test_no_key_leads_out_of_the_folder(objects: ObjectStore, bucket: Path, key: str) -> None:
    with pytest.raises(NotWritten) as caught:
        objects.write("results", key, [b"x"])
    assert str(bucket) not in str(caught.value)
    assert files(bucket.parent) == []


@pytest.mark.parametrize("inside", [True, False])
def test_no_link_is_followed(objects: ObjectStore, bucket: Path, inside: bool) -> None:
    elsewhere = (bucket if inside else bucket.parent) / "elsewhere"
    elsewhere.mkdir()
    (bucket / "link").symlink_to(elsewhere)
    with pytest.raises(NotWritten):
        objects.write("results", "link/a", [b"x"])
    assert files(elsewhere) == []


def test_a_link_in_the_place_of_the_file_is_replaced_and_what_it_names_is_left(
    objects: ObjectStore, bucket: Path
) -> None:
    (bucket.parent / "precious").write_bytes(b"precious")
    (bucket / "a").symlink_to(bucket.parent / "precious")
    objects.write("results", "a", [b"x"])
    assert (bucket.parent / "precious").read_bytes() == b"precious"
    assert not (bucket / "a").is_symlink()


def test_a_folder_that_turns_into_a_link_meanwhile_is_not_followed(
    objects: ObjectStore, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = bucket.parent / "elsewhere"
    elsewhere.mkdir()
    make = os.mkdir

    def swapped(path: Any, *arguments: Any, **options: Any) -> None:
        make(path, *arguments, **options)
        os.rmdir(bucket / "a")
        (bucket / "a").symlink_to(elsewhere)

    monkeypatch.setattr(written_files.os, "mkdir", swapped)
    with pytest.raises(NotWritten):
        objects.write("results", "a/b", [b"x"])
    assert files(elsewhere) == []


def test_only_buckets_that_are_named_for_it_are_written(objects: ObjectStore, bucket: Path) -> None:
    for name in ("other", "unknown"):
        with pytest.raises(NotWritten, match="REGARD_OUTPUT_BUCKETS"):
            objects.check_output(name, "a")
    with pytest.raises(NotWritten, match="There is no bucket"):
        ObjectStore({}, None, {"*"}).check_output("unknown", "a")
    ObjectStore({"other": bucket}, None, {"*"}).check_output("other", "a")
    assert parse_names(" a, ,b ") == {"a", "b"}


def test_a_folder_takes_no_kms_key(objects: ObjectStore) -> None:
    with pytest.raises(NotWritten, match="leave KmsKeyId out") as caught:
        objects.check_output("results", "a", kms_key="alias/mine")
    assert caught.value.of_key


def test_what_fails_on_the_way_leaves_the_object_as_it_was(objects: ObjectStore, bucket: Path) -> None:
    objects.write("results", "a", [b"before"])

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise InternalServerError("gone")

    with pytest.raises(InternalServerError, match="gone"):
        objects.write("results", "a", pieces())
    assert files(bucket) == ["a"]
    assert (bucket / "a").read_bytes() == b"before"


def test_a_full_disk_is_for_later_and_what_is_in_the_way_for_good(
    objects: ObjectStore, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bucket / "file").write_bytes(b"")
    (bucket / "folder").mkdir()
    for key in ("file/a", "folder"):
        with pytest.raises(NotWritten):
            objects.write("results", key, [b"x"])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(written_files.os, "fsync", full)
    with pytest.raises(InternalServerError, match="full"):
        objects.write("results", "a", [b"x"])


def test_a_writer_that_is_killed_leaves_nothing_that_lasts(objects: ObjectStore, bucket: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from regard.storage.buckets.objects import ObjectStore\n"
        "def pieces():\n"
        "    yield b'x' * 100_000\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "ObjectStore({'results': Path(sys.argv[1])}, None, {'results'}).write('results', 'a/b', pieces())"
    )
    assert subprocess.run([sys.executable, "-c", code, str(bucket)], check=False).returncode == -9
    assert not (bucket / "a" / "b").exists()
    objects.write("results", "a/b", [b"x"])
    assert files(bucket) == ["a/b"]


def test_a_file_that_is_being_written_is_no_leftover_of_one_whose_name_begins_like_its_own(
    objects: ObjectStore, bucket: Path
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"long "
        objects.write("results", "a", [b"short"])
        yield b"name"

    objects.write("results", "a.b", pieces())
    assert files(bucket) == ["a", "a.b"]
    assert (bucket / "a.b").read_bytes() == b"long name"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="results")
    yield f"http://{host}:{port}"
    moto.stop()


def test_an_object_in_s3_small_or_in_parts_is_what_was_written(s3: str) -> None:
    objects = ObjectStore({}, s3, {"results"})
    read: Callable[[str], dict[str, Any]] = lambda key: boto3.client("s3", endpoint_url=s3).get_object(  # noqa: E731
        Bucket="results", Key=key
    )
    objects.try_output("results", "small")
    objects.write("results", "small", [b"a", b"b"])
    objects.write("results", "none", [])
    assert (read("small")["Body"].read(), read("none")["Body"].read()) == (b"ab", b"")
    piece = bytes(range(256)) * 4000
    objects.write("results", "large", (piece for _ in range(60)))
    large = read("large")
    assert large["ETag"].endswith('-8"')  # eight parts
    assert large["Body"].read() == piece * 60


def test_an_object_in_s3_is_encrypted_with_the_key_that_is_asked_for(s3: str) -> None:
    objects = ObjectStore({}, s3, {"results"})
    objects.try_output("results", "a", kms_key="alias/mine")
    objects.write("results", "a", [b"x"], kms_key="alias/mine")
    head = boto3.client("s3", endpoint_url=s3).head_object(Bucket="results", Key="a")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/mine")


def test_a_bucket_that_is_not_there_is_told_before_anything_is_written(s3: str) -> None:
    objects = ObjectStore({}, s3, {"*"})
    for write in (lambda: objects.try_output("none", "a"), lambda: objects.write("none", "a", [b"x"])):
        with pytest.raises(NotWritten, match="takes no results into the bucket none: NoSuchBucket"):
            write()


def test_an_s3_that_is_away_is_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    objects = ObjectStore({}, "http://127.0.0.1:9", {"*"})
    for call in (
        lambda: objects.try_output("any", "a"),
        lambda: objects.write("any", "a", [b"x"]),
        lambda: objects.read("any", "a", None, limit=10),
        lambda: objects.check_video("any", "a", None, limit=10),
    ):
        with pytest.raises(InternalServerError, match="can't be reached"):
            call()
