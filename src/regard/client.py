"""`regard.client()`: boto3's own clients, answered in this process instead of over the network."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from regard.errors import RegardError

if TYPE_CHECKING:
    from regard.api.answer import ServedApi
    from regard.api.messages import HttpRequest

_CASE_LENGTH = 256  # of the HTTP header, too


def client(
    data: str | Path | None = None,
    *,
    service: str = "rekognition",
    case: str | None = None,
    **settings: Any,
) -> Any:
    """A `boto3.client("rekognition")` whose calls go through the gate of this process.

    Methods, arguments, answers, exceptions and paginators are boto3's: it is boto3's client. With the
    `service` `regard` it has the operations that Rekognition doesn't have. `data` is the data folder
    (REGARD_DATA, else ./data); `settings` are further fields of `regard.settings.Settings`; `case` is the
    case reference for the audit log, 1 to 256 printable ASCII characters. AWS profiles, configuration files
    and credentials on this machine are not looked at. Raises RegardError when there is no such service, or
    the folder or the models can't be opened.
    """
    from botocore import UNSIGNED
    from botocore.config import Config

    from regard.api.model import REGARD, REKOGNITION
    from regard.app import build
    from regard.settings import Settings

    check_case(case, "case")
    if service not in (REKOGNITION, REGARD):
        raise RegardError(f"The service is {REKOGNITION} or {REGARD}, not {service}.")
    chosen = Settings.load(data=None if data is None else Path(data), **settings)
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
    events.register_first(f"before-send.{service}", _Loopback(build(chosen).apis[service], case))
    return made


def check_case(case: str | None, name: str) -> None:
    """Raises RegardError, naming the option, for a case reference that HTTP would refuse too."""
    if case is not None and not (0 < len(case) <= _CASE_LENGTH and case.isascii() and case.isprintable()):
        raise RegardError(f"{name} must be 1 to {_CASE_LENGTH} printable ASCII characters.")


def _session() -> Any:
    """A boto3 session that knows nothing of this machine's AWS configuration.

    A stale AWS_PROFILE, a FIPS endpoint or a service model in ~/.aws is for clients of AWS, not for this one.
    """
    import boto3
    from botocore.session import Session

    from regard.api.model import model_loader

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

    def __init__(self, served: ServedApi, case: str | None) -> None:
        self._served = served
        self._case = case

    def __call__(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        from regard.caller import LOCAL
        from regard.errors import ServiceError

        request_id = str(uuid.uuid4())
        protocol = self._served.protocol
        try:
            sent = _sent(request)
            answer = self._served.answer(
                protocol.operation(sent), sent, LOCAL, request_id=request_id, case=self._case
            )
        except ServiceError as error:
            answer = protocol.write_error(error, request_id)
        return AWSResponse(request.url, answer.status, answer.headers, _ResponseBody(answer.body))


def _sent(request: Any) -> HttpRequest:
    """A prepared request as the server would see it."""
    from regard.api.messages import HttpRequest

    url = urlsplit(request.url)
    headers = tuple((name, _text(value)) for name, value in request.headers.items())
    return HttpRequest(request.method, url.path, url.query, headers, request.body or b"")


class _ResponseBody(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(65_536):
            yield chunk


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
