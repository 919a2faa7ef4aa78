"""Where the records of stream processors go: a Kinesis data stream, a URL, or a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from regard.notifications import webhook
from regard.notifications.channel import Refused
from regard.notifications.webhook import DeliveryFailed

MAX_BATCH = 500  # records of one PutRecords
_MAX_BYTES = 4_500_000  # of one PutRecords, which takes 5 MB


class OutputGone(Exception):
    """The place takes nothing, and trying again can't mend it; clients match the message, a sentence."""


class RecordSink(Protocol):
    """One place. Not for several threads at a time."""

    def put(self, records: Sequence[str]) -> Sequence[str]:
        """Puts records there, JSON texts in order; answers those that are to be put again.

        Raises DeliveryFailed where all are to be put again, and OutputGone.
        """
        ...

    def close(self) -> None:
        """Lets go of what is open."""
        ...


class KinesisSink:
    """A Kinesis data stream, or whatever speaks Kinesis at an endpoint (`aws` for AWS's own).

    `partition_key` is that of all records, so that they keep their order. Credentials are those of the
    process's environment, as boto3 finds them.
    """

    def __init__(self, arn: str, endpoint: str | None, partition_key: str) -> None:
        parts = arn.split(":")
        self._arn, self._account, self._name = arn, parts[4], parts[5].partition("/")[2]
        self._region = parts[3]
        self._endpoint = endpoint
        self._key = partition_key
        self._client: Any = None

    def put(self, records: Sequence[str]) -> Sequence[str]:
        from botocore.exceptions import BotoCoreError, ClientError

        if self._endpoint is None:
            raise DeliveryFailed("this server has no Kinesis any more (REGARD_KINESIS_ENDPOINT)")
        batch = _fitting(records)
        try:
            entries = [{"Data": one.encode(), "PartitionKey": self._key} for one in batch]
            answer = self._connected().put_records(StreamName=self._name, Records=entries)
        except ClientError as error:
            raise self._failure(error.response["Error"]["Code"]) from error
        except (BotoCoreError, ValueError) as error:
            raise DeliveryFailed(f"Kinesis can't be reached ({type(error).__name__})") from error
        refused = [one for one, told in zip(batch, answer["Records"], strict=True) if told.get("ErrorCode")]
        return [*refused, *records[len(batch) :]]

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _failure(self, code: str) -> Exception:
        if code == "ResourceNotFoundException":
            return OutputGone(f"Stream {self._name} under account {self._account} not found.")
        if code in ("AccessDeniedException", "AccessDenied"):
            return OutputGone("Access denied to Kinesis Data")
        return DeliveryFailed(f"Kinesis answered {code}")

    def _connected(self) -> Any:
        if self._client is None:
            import boto3
            from botocore.config import Config

            config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
            endpoint = None if self._endpoint == "aws" else self._endpoint
            self._client = boto3.client(
                "kinesis", endpoint_url=endpoint, region_name=self._region or None, config=config
            )
        return self._client


class UrlSink:
    """A URL that takes signed POSTs of JSON arrays. `allowed` is the setting REGARD_WEBHOOKS."""

    def __init__(self, url: str, secret: str, *, allowed: str) -> None:
        self._url = url
        self._secret = secret
        self._allowed = allowed

    def put(self, records: Sequence[str]) -> Sequence[str]:
        batch = _fitting(records)
        try:
            webhook.post(self._url, f"[{','.join(batch)}]", self._secret, allowed=self._allowed)
        except Refused as refused:
            raise DeliveryFailed(str(refused)) from refused
        return records[len(batch) :]

    def close(self) -> None: ...


class FileSink:
    """A file of one record a line, which grows. Its folder is there; a symbolic link is not followed."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def put(self, records: Sequence[str]) -> Sequence[str]:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            with os.fdopen(os.open(self._file, flags, 0o600), "a", encoding="utf-8") as out:
                out.write("".join(f"{one}\n" for one in records))
        except OSError as error:
            raise DeliveryFailed(f"the file can't be written ({error.strerror})") from error
        return ()

    def close(self) -> None: ...


def _fitting(records: Sequence[str]) -> Sequence[str]:
    """As many of the first records as fit into one request."""
    size = 0
    for number, one in enumerate(records[:MAX_BATCH]):
        size += len(one.encode()) + 1
        if size > _MAX_BYTES and number:
            return records[:number]
    return records[:MAX_BATCH]
