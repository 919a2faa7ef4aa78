"""Objects in buckets: a folder served under a bucket's name, or S3 itself through boto3."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from regard.errors import (
    ImageTooLargeException,
    InternalServerError,
    InvalidS3ObjectException,
    RegardError,
    ServiceError,
    VideoTooLargeException,
)
from regard.storage.buckets.folder_files import UNAVAILABLE, ObjectFacts, facts_of, names_below, open_file
from regard.storage.buckets.piecewise import PieceReader
from regard.storage.buckets.ranges import RangeReader
from regard.storage.buckets.written_files import parts_of, write_file

_REPLACED = "The object was replaced or removed while it was read, or may not be read any more."
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE}
ANY = "*"
_PART_BYTES = 8 * 1024 * 1024  # of an upload; 10,000 of them are as many as S3 takes


class NotWritten(RegardError):
    """An object can't be written, and trying again won't help; `of_key` where its KMS key is why."""

    def __init__(self, message: str, *, of_key: bool = False) -> None:
        super().__init__(message)
        self.of_key = of_key


class ObjectStore:
    """Reads objects by bucket and name, and writes them where that is allowed.

    `folders` maps bucket names to local folders; every other bucket is read from `endpoint` (a URL, or
    `aws` for AWS's own), and does not exist where that is None. `outputs` are the buckets that may be written
    into; with "*" among them, all may.
    """

    def __init__(
        self, folders: Mapping[str, Path], endpoint: str | None, outputs: Collection[str] = ()
    ) -> None:
        self._folders = {name: folder.resolve() for name, folder in folders.items()}
        self._endpoint = endpoint
        self._outputs = frozenset(outputs)
        self._lock = threading.Lock()
        self._client: Any = None

    def read(self, bucket: str, name: str, version: str | None, *, limit: int) -> bytes:
        """The object's bytes.

        Raises InvalidS3ObjectException when it can't be read, whatever the reason: the answer does not
        tell which buckets or files exist; but InternalServerError while S3 can't be reached. Raises
        ImageTooLargeException above `limit` bytes.
        """
        if bucket in self._folders:
            return _read_file(self._folders[bucket], name, version, limit)
        if self._endpoint is None:
            raise InvalidS3ObjectException(UNAVAILABLE)
        return self._read_s3(bucket, name, version, limit)

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """The names of the objects that begin with `prefix`, in their order.

        Raises what `read` raises of a bucket that can't be read.
        """
        if bucket in self._folders:
            yield from names_below(self._folders[bucket], prefix)
        elif self._endpoint is None:
            raise InvalidS3ObjectException(UNAVAILABLE)
        else:
            yield from self._keys_in_s3(bucket, prefix)

    def _keys_in_s3(self, bucket: str, prefix: str) -> Iterator[str]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            for page in self._s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                yield from (entry["Key"] for entry in page.get("Contents", ()))
        except (ClientError, BotoCoreError) as error:
            raise _not_read(error) from error

    def check_video(self, bucket: str, name: str, version: str | None, *, limit: int) -> None:
        """Whether an object can be read, without reading it.

        Raises InvalidS3ObjectException and InternalServerError as `read` does, and VideoTooLargeException
        above `limit` bytes.
        """
        if bucket in self._folders:
            with open_file(self._folders[bucket], name, version) as file:
                _check_size(os.fstat(file.fileno()).st_size, limit)
        elif self._endpoint is None:
            raise InvalidS3ObjectException(UNAVAILABLE)
        else:
            _check_size(self._head(_which(bucket, name, version))["ContentLength"], limit)

    @contextmanager
    def open_video(
        self, bucket: str, name: str, version: str | None, *, limit: int, content: str | None = None
    ) -> Iterator[BinaryIO]:
        """The object as a file that can be sought; of one in S3 no more than a few MB are held in memory.

        Raises what `check_video` raises, and InvalidS3ObjectException for another than the one whose facts
        had `content`. Reading raises InvalidS3ObjectException once an object in S3 is another than it was,
        and InternalServerError while S3 can't be reached.
        """
        if bucket in self._folders:
            with open_file(self._folders[bucket], name, version) as file:
                found = facts_of(file)
                _check_size(found.size, limit)
                _check_content(found, content)
                yield file
            return
        if self._endpoint is None:
            raise InvalidS3ObjectException(UNAVAILABLE)
        which = _which(bucket, name, version)
        head = self._head(which)
        size = head["ContentLength"]
        _check_size(size, limit)
        _check_content(_facts_in_s3(head), content)
        which["IfMatch"] = head["ETag"]
        with BufferedReader(RangeReader(lambda first, last: self._part(which, first, last), size)) as remote:
            yield remote

    def facts(self, bucket: str, name: str, version: str | None, *, limit: int) -> ObjectFacts:
        """How long an object is, and what tells it from another of its name. Raises what `check_video`
        does.
        """
        if bucket in self._folders:
            with open_file(self._folders[bucket], name, version) as file:
                found = facts_of(file)
        elif self._endpoint is None:
            raise InvalidS3ObjectException(UNAVAILABLE)
        else:
            found = _facts_in_s3(self._head(_which(bucket, name, version)))
        _check_size(found.size, limit)
        return found

    def part(self, bucket: str, name: str, version: str | None, *, first: int, last: int, tag: str) -> bytes:
        """The bytes of an object from a first to a last one, both included.

        Raises InvalidS3ObjectException once it is another than the one whose facts had `tag`, and
        InternalServerError while S3 can't be reached.
        """
        if bucket not in self._folders:
            if self._endpoint is None:
                raise InvalidS3ObjectException(UNAVAILABLE)
            return self._part(_which(bucket, name, version) | {"IfMatch": f'"{tag}"'}, first, last)
        with open_file(self._folders[bucket], name, version) as file:
            if facts_of(file).tag != tag:
                raise InvalidS3ObjectException(_REPLACED)
            return os.pread(file.fileno(), last - first + 1, first)

    def _head(self, which: Mapping[str, str]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            head: dict[str, Any] = self._s3().head_object(**which)
        except (ClientError, BotoCoreError) as error:
            raise _not_read(error) from error
        return head

    def _part(self, which: Mapping[str, str], first: int, last: int) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with self._s3().get_object(**which, Range=f"bytes={first}-{last}")["Body"] as body:
                content: bytes = body.read()
        except (ClientError, BotoCoreError) as error:
            raise _not_read(error, _REPLACED) from error
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
            raise _not_read(error) from error
        if len(content) > limit:
            raise _too_large(limit)
        return content

    def check_output(self, bucket: str, key: str, *, kms_key: str | None = None) -> None:
        """Whether an object may be written, without a question to S3. Raises NotWritten."""
        if self._outputs.isdisjoint((bucket, ANY)):
            raise NotWritten(
                f"Nothing may be written into the bucket {bucket}: whoever runs Regard names the buckets for "
                "results in REGARD_OUTPUT_BUCKETS."
            )
        if bucket in self._folders:
            if kms_key is not None:
                raise NotWritten(
                    f"The bucket {bucket} is a folder, which no KMS key encrypts: leave KmsKeyId out.",
                    of_key=True,
                )
            try:
                parts_of(key)
            except ValueError as error:
                raise NotWritten(str(error)) from error
            if not os.access(self._folders[bucket], os.W_OK | os.X_OK):
                raise NotWritten(f"The folder of bucket {bucket} can't be written.")
        elif self._endpoint is None:
            raise NotWritten(f"There is no bucket {bucket}.")

    def try_output(self, bucket: str, key: str, *, kms_key: str | None = None) -> None:
        """The same, and in S3 an upload is begun and given up, which shows whether it is let in.

        Raises NotWritten, and InternalServerError while S3 can't be reached.
        """
        self.check_output(bucket, key, kms_key=kms_key)
        if bucket in self._folders:
            return
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            upload = self._s3().create_multipart_upload(Bucket=bucket, Key=key, **_encrypted(kms_key))
            self._s3().abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload["UploadId"])
        except (ClientError, BotoCoreError) as error:
            raise _not_written(bucket, error) from error

    def write(self, bucket: str, key: str, pieces: Iterable[bytes], *, kms_key: str | None = None) -> None:
        """An object of these pieces, in the place of one before; whole and for good, or not at all.

        No more than a few MB are held in memory. Raises what `try_output` raises, InternalServerError where a
        disk is full, and whatever `pieces` raises.
        """
        self.check_output(bucket, key, kms_key=kms_key)
        if bucket in self._folders:
            self._write_file(bucket, key, pieces)
            return
        from boto3.s3.transfer import TransferConfig
        from botocore.exceptions import BotoCoreError, ClientError

        config = TransferConfig(
            multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False
        )
        try:
            self._s3().upload_fileobj(
                PieceReader(pieces), bucket, key, ExtraArgs=_encrypted(kms_key), Config=config
            )
        except (ClientError, BotoCoreError) as error:
            raise _not_written(bucket, error) from error

    def _write_file(self, bucket: str, key: str, pieces: Iterable[bytes]) -> None:
        try:
            write_file(self._folders[bucket], parts_of(key), pieces)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise InternalServerError(
                    f"The disk of the bucket {bucket} is full or failing. Make room on it and try again."
                ) from error
            raise NotWritten(f"The results can't be written there in the bucket {bucket}.") from error

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


def parse_names(text: str) -> set[str]:
    """`NAME,…` as a set."""
    return {name for part in text.split(",") if (name := part.strip())}


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
    with open_file(root, name, version) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise _too_large(limit)
        try:
            return file.read(limit)
        except OSError as error:
            raise InvalidS3ObjectException(UNAVAILABLE) from error


def _facts_in_s3(head: Mapping[str, Any]) -> ObjectFacts:
    tag = str(head["ETag"]).strip('"')
    return ObjectFacts(head["ContentLength"], tag, tag)


def _check_content(found: ObjectFacts, content: str | None) -> None:
    if content is not None and found.content != content:
        raise InvalidS3ObjectException(_REPLACED)


def _encrypted(kms_key: str | None) -> dict[str, str]:
    return {} if kms_key is None else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key}


def _passes(error: Exception) -> bool:
    """Whether S3 may well answer a little later."""
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError

    if isinstance(error, ClientError):
        status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429
    return isinstance(error, ConnectionError | HTTPClientError | IncompleteReadError)


def _not_read(error: Exception, why: str = UNAVAILABLE) -> ServiceError:
    if _passes(error):
        return InternalServerError("The bucket can't be reached. Try your call again.")
    return InvalidS3ObjectException(why)


def _not_written(bucket: str, error: Exception) -> RegardError:
    from botocore.exceptions import ClientError

    if _passes(error):
        return InternalServerError(f"The bucket {bucket} can't be reached. Try your call again.")
    code = str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""
    if code.startswith("KMS."):
        return NotWritten(f"S3 does not take the KmsKeyId for the bucket {bucket}: {code}.", of_key=True)
    return NotWritten(f"S3 takes no results into the bucket {bucket}{f': {code}' if code else ''}.")


def _which(bucket: str, name: str, version: str | None) -> dict[str, str]:
    return {"Bucket": bucket, "Key": name} | ({"VersionId": version} if version else {})


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise VideoTooLargeException(
            f"Video size in bytes: {size} is more than the maximum limit of: {limit} bytes."
        )


def _too_large(limit: int) -> ImageTooLargeException:
    return ImageTooLargeException(f"Image size is too large. In a bucket it may have {limit} bytes.")
