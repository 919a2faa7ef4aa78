"""Calls of the paths that Rekognition doesn't have."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.conftest import Server


class Signed:
    """Calls paths of Regard's own, signed as the SDKs sign."""

    def __init__(self, server: Server, secret: str | None = None) -> None:
        self._server = server
        self._secret = secret or server.secret

    def call(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        url = self._server.endpoint + path
        request = AWSRequest(method, url, data=body, headers={"Host": url.split("/")[2]})
        credentials = Credentials(self._server.key_id, self._secret)
        SigV4Auth(credentials, "rekognition", "us-east-1").add_auth(request)
        sent = urllib.request.Request(url, body or None, dict(request.headers), method=method)
        with urllib.request.urlopen(sent) as answer:
            read: dict[str, Any] = json.load(answer)
            return read
