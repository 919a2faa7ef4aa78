"""Kinesis Video: what a video stream sends, as bytes.

Credentials are those of the process's environment, as boto3 finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_TIMEOUT = 10  # s, for connecting and for each wait for bytes
_CHUNK = 4096  # bytes: a picture is seen 42 ms after it was sent; with 64 KB, 179 ms


class MediaRefused(Exception):
    """The stream can't be read; the message is a sentence, some of them AWS's own, which clients match.
    `is_final`: trying again can't mend it."""

    def __init__(self, why: str, *, is_final: bool) -> None:
        super().__init__(why)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class MediaStart:
    """Where to begin: behind `fragment`, or with the first fragment taken at `produced` (epoch s) or later;
    now, where both are None."""

    fragment: str | None = None
    produced: float | None = None

    def selector(self) -> dict[str, Any]:
        """GetMedia's StartSelector."""
        if self.fragment is not None:
            return {"StartSelectorType": "FRAGMENT_NUMBER", "AfterFragmentNumber": self.fragment}
        if self.produced is not None:
            return {"StartSelectorType": "PRODUCER_TIMESTAMP", "StartTimestamp": self.produced}
        return {"StartSelectorType": "NOW"}


@dataclass(frozen=True, slots=True)
class KinesisVideo:
    """`endpoint`: a URL, `aws` for AWS's own, None for none."""

    endpoint: str | None

    def media(self, arn: str, start: MediaStart) -> Iterator[bytes]:
        """What GetMedia sends, in pieces, until it ends. Raises MediaRefused."""
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        if self.endpoint is None:
            raise MediaRefused(
                "This server has no Kinesis Video; set REGARD_KINESIS_VIDEO_ENDPOINT.", is_final=True
            )
        config = Config(connect_timeout=_TIMEOUT, read_timeout=_TIMEOUT, retries={"total_max_attempts": 2})
        region = arn.split(":")[3]
        try:
            asked = boto3.client(
                "kinesisvideo",
                region_name=region,
                config=config,
                endpoint_url=None if self.endpoint == "aws" else self.endpoint,
            )
            place = asked.get_data_endpoint(StreamARN=arn, APIName="GET_MEDIA")["DataEndpoint"]
            client = boto3.client(
                "kinesis-video-media", region_name=region, config=config, endpoint_url=place
            )
            body = client.get_media(StreamARN=arn, StartSelector=start.selector())["Payload"]
            with body:
                while data := body.read(_CHUNK):
                    yield data
        except ClientError as error:
            raise _refused(error.response["Error"]["Code"], arn) from None
        except (BotoCoreError, ValueError, OSError) as error:
            raise MediaRefused(
                f"Kinesis Video can't be reached ({type(error).__name__}).", is_final=False
            ) from None


def _refused(code: str, arn: str) -> MediaRefused:
    if code == "ResourceNotFoundException":
        account, name = arn.split(":")[4], arn.split("/")[1]
        return MediaRefused(f"Stream {name} under account {account} not found.", is_final=True)
    if code in ("NotAuthorizedException", "AccessDeniedException", "AccessDenied"):
        return MediaRefused("Access denied to Kinesis Video", is_final=True)
    return MediaRefused(f"Kinesis Video answered {code}.", is_final=False)
