"""Images and videos in buckets: a folder served under a bucket's name, or S3 itself through boto3."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from regard.errors import (
    ImageTooLargeException,
    InternalServerError,
    InvalidS3ObjectException,
    RegardError,
    VideoTooLargeException,
)
from regard.storage.ranges import RangeReader

_UNAVAILABLE = "Unable to get object metadata from S3. Check object key, region and/or access permissions."


class ObjectStore:
    """Reads objects by bucket and name.

    `folders` maps bucket names to local folders; every other bucket is read from `endpoint` (a URL, or
    `aws` for AWS's own), and does not exist where that is None.
    """

    def __init__(self, folders: Mapping[str, Path], endpoint: str | None) -> None:
        self._folders = {name: folder.resolve() for name, folder in folders.items()}
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._client: Any = None

    def read(self, bucket: str, name: str, version: str | None, *, limit: int) -> bytes:
        """The object's bytes.

        Raises InvalidS3ObjectException when it can't be read, whatever the reason: the answer does not
        tell which buckets or files exist. Raises ImageTooLargeException above `limit` bytes.
        """
        if bucket in self._folders:
            return _read_file(self._folders[bucket], name, version, limit)
        if self._endpoint is None:
            raise InvalidS3ObjectException(_UNAVAILABLE)
        return self._read_s3(bucket, name, version, limit)

    def check_video(self, bucket: str, name: str, version: str | None, *, limit: int) -> None:
        """Whether an object can be read, without reading it.

        Raises InvalidS3ObjectException as `read` does, and VideoTooLargeException above `limit` bytes.
        """
        if bucket in self._folders:
            with _open_file(self._folders[bucket], name, version) as file:
                _check_size(os.fstat(file.fileno()).st_size, limit)
        elif self._endpoint is None:
            raise InvalidS3ObjectException(_UNAVAILABLE)
        else:
            _check_size(self._head(_which(bucket, name, version))["ContentLength"], limit)

    @contextmanager
    def open_video(self, bucket: str, name: str, version: str | None, *, limit: int) -> Iterator[BinaryIO]:
        """The object as a file that can be sought; of one in S3 no more than a few MB are held in memory.

        Raises what `check_video` raises. Reading raises InvalidS3ObjectException once an object in S3 is
        another than it was, and InternalServerError while S3 can't be reached.
        """
        if bucket in self._folders:
            with _open_file(self._folders[bucket], name, version) as file:
                _check_size(os.fstat(file.fileno()).st_size, limit)
                yield file
            return
        if self._endpoint is None:
            raise InvalidS3ObjectException(_UNAVAILABLE)
        which = _which(bucket, name, version)
        head = self._head(which)
        size = head["ContentLength"]
        _check_size(size, limit)
        which["IfMatch"] = head["ETag"]
        with BufferedReader(RangeReader(lambda first, last: self._part(which, first, last), size)) as remote:
            yield remote

    def _head(self, which: Mapping[str, str]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            head: dict[str, Any] = self._s3().head_object(**which)
        except (ClientError, BotoCoreError) as error:
            raise InvalidS3ObjectException(_UNAVAILABLE) from error
        return head

    def _part(self, which: Mapping[str, str], first: int, last: int) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with self._s3().get_object(**which, Range=f"bytes={first}-{last}")["Body"] as body:
                content: bytes = body.read()
        except ClientError as error:
            raise InvalidS3ObjectException(
                "The video was replaced or removed while it was analysed, or may not be read any more."
            ) from error
        except BotoCoreError as error:
            raise InternalServerError("The bucket can't be reached. Try your call again.") from error
        return content

    def _read_s3(self, bucket: str, name: str, version: str | None, limit: int) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        which = _which(bucket, name, version)
        try:
            answer = self._s3().get_object(**which)
            with answer["Body"] as body:
                if answer["ContentLength"] > limit:
                    raise _too_large(limit)
                content: bytes = body.read(limit + 1)
        except (ClientError, BotoCoreError) as error:
            raise InvalidS3ObjectException(_UNAVAILABLE) from error
        if len(content) > limit:
            raise _too_large(limit)
        return content

    def _s3(self) -> Any:
        with self._lock:
            if self._client is None:
                # Half a second that only those pay who use S3.
                import boto3
                from botocore.config import Config

                config = Config(
                    connect_timeout=5, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"}
                )
                endpoint = None if self._endpoint == "aws" else self._endpoint
                self._client = boto3.client("s3", endpoint_url=endpoint, config=config)
            return self._client


def parse_folders(text: str) -> dict[str, Path]:
    """`NAME=FOLDER,…` as a mapping. Raises RegardError when it has another form or a folder is missing."""
    folders: dict[str, Path] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, folder = item.partition("=")
        if not (name and equals and folder):
            raise RegardError(f"A bucket is given as NAME=FOLDER, not {item!r}.")
        if not Path(folder).is_dir():
            raise RegardError(f"The folder of bucket {name} does not exist: {folder}")
        folders[name] = Path(folder)
    return folders


def _read_file(root: Path, name: str, version: str | None, limit: int) -> bytes:
    with _open_file(root, name, version) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise _too_large(limit)
        try:
            return file.read(limit)
        except OSError as error:
            raise InvalidS3ObjectException(_UNAVAILABLE) from error


def _open_file(root: Path, name: str, version: str | None) -> BinaryIO:
    """A plain file below `root`; what lies outside it, through `..` or a link, does not exist."""
    if version is not None:
        raise InvalidS3ObjectException(_UNAVAILABLE)  # a folder keeps no versions
    try:
        path = (root / name).resolve(strict=True)
        if not path.is_relative_to(root):
            raise InvalidS3ObjectException(_UNAVAILABLE)
        # Never block on a pipe that somebody left in the folder, nor follow a link made since the check.
        file = open(  # noqa: SIM115 - whoever asked for it closes it
            os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb"
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidS3ObjectException(_UNAVAILABLE) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InvalidS3ObjectException(_UNAVAILABLE)
    return file


def _which(bucket: str, name: str, version: str | None) -> dict[str, str]:
    return {"Bucket": bucket, "Key": name} | ({"VersionId": version} if version else {})


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise VideoTooLargeException(
            f"The file size or duration of the supplied media is too large: more than {limit} bytes."
        )


def _too_large(limit: int) -> ImageTooLargeException:
    return ImageTooLargeException(f"The image in the bucket is larger than {limit} bytes.")
