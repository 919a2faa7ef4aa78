"""`regard.client()`: boto3's own Rekognition client, answered in this process instead of over the network."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from regard.errors import RegardError

_CASE_LENGTH = 256  # of the HTTP header, too


def client(data: str | Path | None = None, *, case: str | None = None, **settings: Any) -> Any:
    """A `boto3.client("rekognition")` whose calls go through the gate of this process.

    Methods, arguments, answers, exceptions and paginators are boto3's: it is boto3's client. `data` is
    the data folder (REGARD_DATA, else ./data); `settings` are further fields of `regard.settings.Settings`;
    `case` is the case reference for the audit log, 1 to 256 printable ASCII characters. AWS profiles,
    configuration files and credentials on this machine are not looked at. Raises RegardError when the folder
    or the models can't be opened.
    """
    from botocore import UNSIGNED
    from botocore.config import Config

    from regard.app import build
    from regard.settings import Settings

    check_case(case, "case")
    chosen = Settings.load(data=None if data is None else Path(data), **settings)
    made = _session().client(
        "rekognition",
        region_name=chosen.region,
        endpoint_url="http://regard.invalid",
        # Nothing is sent, so nothing is signed, and an error is final: a retry would run the same code again.
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    events = made.meta.events
    # What counts the attempts would end every message with "(reached max retries: 0)".
    events.unregister("needs-retry.rekognition", unique_id="retry-config-rekognition")
    events.register_first("before-send.rekognition", _Loopback(build(chosen), case))
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
    from botocore.loaders import Loader
    from botocore.session import Session

    files = ("config_file", "credentials_file")
    variables = {
        name: (None, None, None if name in files else default, convert)
        for name, (_, _, default, convert) in Session.SESSION_VARIABLES.items()
    }
    session = Session(session_vars=variables)
    builtin = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    session.register_component("data_loader", builtin)
    return boto3.session.Session(botocore_session=session)


class _Loopback:
    """Answers botocore's prepared requests; botocore takes what `before-send` returns for the response."""

    def __init__(self, parts: Any, case: str | None) -> None:
        self._parts = parts
        self._case = case

    def __call__(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        from regard.caller import LOCAL
        from regard.errors import ServiceError
        from regard.wire.parse import parse
        from regard.wire.serialize import serialize, serialize_error
        from regard.wire.spec import operation_of
        from regard.wire.validate import validate

        request_id = str(uuid.uuid4())
        status = 200
        try:
            operation = operation_of(_text(request.headers["X-Amz-Target"]))
            params = parse(operation, request.body)
            validate(operation, params, image_bytes=self._parts.settings.image_bytes)
            answer = self._parts.gate.call(operation, params, LOCAL, request_id=request_id, case=self._case)
            body = serialize(operation, answer)
        except ServiceError as error:
            status, body = error.status, serialize_error(error, request_id)
        headers = {"x-amzn-RequestId": request_id, "Content-Type": "application/x-amz-json-1.1"}
        return AWSResponse(request.url, status, headers, _Body(body))


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(65_536):
            yield chunk


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
