"""Images in buckets: a local folder served under a bucket's name, or S3 itself through boto3."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regard.errors import ImageTooLargeException, InvalidS3ObjectException, RegardError

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

    def _read_s3(self, bucket: str, name: str, version: str | None, limit: int) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        which = {"Bucket": bucket, "Key": name} | ({"VersionId": version} if version else {})
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
    """A plain file below `root`; what lies outside it, through `..` or a link, does not exist."""
    if version is not None:
        raise InvalidS3ObjectException(_UNAVAILABLE)  # a folder keeps no versions
    try:
        path = (root / name).resolve(strict=True)
        if not path.is_relative_to(root):
            raise InvalidS3ObjectException(_UNAVAILABLE)
        # Never block on a pipe that somebody left in the folder, nor follow a link made since the check.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InvalidS3ObjectException(_UNAVAILABLE)
            if status.st_size > limit:
                raise _too_large(limit)
            return file.read(limit)
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidS3ObjectException(_UNAVAILABLE) from error


def _too_large(limit: int) -> ImageTooLargeException:
    return ImageTooLargeException(f"The image in the bucket is larger than {limit} bytes.")
