"""Requests to the service that is compared with, byte for byte as they came, under a signature of its own."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from regard.errors import RegardError

_CONNECT_SECONDS, _READ_SECONDS = 5, 30
_CONTENT_TYPE = "application/x-amz-json-1.1"
_TARGET = "RekognitionService"
_AWS_HOST = re.compile(r"rekognition(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_REGION = "us-east-1"


class ShadowUnreachable(RegardError):
    """The service can't be reached, or there are no credentials for it."""


@dataclass(frozen=True, slots=True)
class ShadowAnswer:
    """What the service answered, as it came, and how long that took in seconds."""

    status: int
    body: bytes
    seconds: float


class ShadowService:
    """One endpoint, with credentials of its own. Threads may share it."""

    def __init__(
        self, endpoint: str, credentials: Any, region: str, *, aws_region: str | None = None
    ) -> None:
        """`aws_region` is that of an endpoint of AWS, None for any other."""
        from botocore.httpsession import URLLib3Session

        self.endpoint = endpoint
        self.aws_region = aws_region
        self._credentials = credentials
        self._region = region
        self._http = URLLib3Session(timeout=(_CONNECT_SECONDS, _READ_SECONDS))

    @classmethod
    def connect(cls, endpoint: str, profile: str | None) -> ShadowService:
        """That at a URL, with the credentials that boto3 finds, or those of a profile. Raises RegardError."""
        import boto3
        from botocore.exceptions import BotoCoreError

        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RegardError(f"{endpoint} is no URL of a service: give https://HOST.")
        try:
            session = boto3.Session(profile_name=profile)
            credentials = session.get_credentials()
        except BotoCoreError as error:
            raise RegardError(f"The credentials for {endpoint} can't be read: {error}") from error
        if credentials is None:
            raise RegardError(f"There are no credentials for {endpoint}: name a profile that has some.")
        named = _AWS_HOST.fullmatch(parts.hostname)
        region = named[1] if named else session.region_name or _REGION
        return cls(endpoint, credentials, region, aws_region=named[1] if named else None)

    def ask(self, operation: str, body: bytes) -> ShadowAnswer:
        """The answer to the body of a request. Raises ShadowUnreachable."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError, HTTPClientError

        headers = {"Content-Type": _CONTENT_TYPE, "X-Amz-Target": f"{_TARGET}.{operation}"}
        request = AWSRequest(method="POST", url=self.endpoint, data=body, headers=headers)
        started = time.monotonic()
        try:
            frozen = self._credentials.get_frozen_credentials()
            SigV4Auth(frozen, "rekognition", self._region).add_auth(request)
            answer = self._http.send(request.prepare())
            content: bytes = answer.content
        except (BotoCoreError, HTTPClientError) as error:
            raise ShadowUnreachable(str(error)) from error
        return ShadowAnswer(answer.status_code, content, time.monotonic() - started)
