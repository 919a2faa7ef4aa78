"""A boto3 client whose requests are answered in this process."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.session import Session

from regard.api.messages import HttpRequest
from regard.api.model import REGARD, REKOGNITION, model_loader
from regard.app import Parts, build, shown_key
from regard.caller import LOCAL, Caller
from regard.errors import RegardError, ServiceError
from regard.settings import Settings


def open_client(
    data: Path | None, service: str, case: str | None, key: Path | None, settings: Mapping[str, Any]
) -> Any:
    """What `regard.client` gives. Raises RegardError when there is no such service, or the folder or the
    models can't be opened."""
    if service not in (REKOGNITION, REGARD):
        raise RegardError(f"The service is {REKOGNITION} or {REGARD}, not {service}.")
    chosen = Settings.load(data=data, **settings)
    made = _session().client(
        service,
        region_name=chosen.region,
        endpoint_url="http://regard.invalid",
        # Nothing is sent, so nothing is signed, and an error is final: a retry would run the same code again.
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    events = made.meta.events
    # What counts the attempts would end every message with "(reached max retries: 0)".
    events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
    parts = build(chosen)
    caller = LOCAL if key is None else shown_key(parts, key)
    events.register_first(f"before-send.{service}", _Loopback(parts, service, case, caller))
    return made


def _session() -> Any:
    """A boto3 session that knows nothing of this machine's AWS configuration.

    A stale AWS_PROFILE, a FIPS endpoint or a service model in ~/.aws is for clients of AWS, not for this one.
    """
    files = ("config_file", "credentials_file")
    variables = {
        name: (None, None, None if name in files else default, convert)
        for name, (_, _, default, convert) in Session.SESSION_VARIABLES.items()
    }
    session = Session(session_vars=variables)
    session.register_component("data_loader", model_loader())
    return boto3.session.Session(botocore_session=session)


class _Loopback:
    """Answers botocore's prepared requests; botocore takes what `before-send` returns for the response."""

    def __init__(self, parts: Parts, service: str, case: str | None, caller: Caller) -> None:
        self._keys = parts.keys
        self._served = parts.apis[service]
        self._case = case
        self._caller = caller

    def __call__(self, request: Any, **_: Any) -> Any:
        request_id = str(uuid.uuid4())
        protocol = self._served.protocol
        try:
            sent = _sent(request)
            answer = self._served.answer(
                protocol.operation(sent), sent, self._now(), request_id=request_id, case=self._case
            )
        except ServiceError as error:
            answer = protocol.write_error(error, request_id)
        return AWSResponse(request.url, answer.status, answer.headers, _ResponseBody(answer.body))

    def _now(self) -> Caller:
        """The caller as they are by now: a suspension holds here too."""
        key = None if self._caller is LOCAL else self._keys.find(self._caller.key_id)
        return self._caller if key is None else key.holder


def _sent(request: Any) -> HttpRequest:
    """A prepared request as the server would see it."""
    url = urlsplit(request.url)
    headers = tuple((name.lower(), _text(value)) for name, value in request.headers.items())
    return HttpRequest(request.method, url.path, url.query, headers, request.body or b"")


class _ResponseBody(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(65_536):
            yield chunk


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
