"""Paths of Regard's own, below `/regard/v1`: what Rekognition has no operation for. Signed as all requests
are.

Parameters are in the path and the query, a body is not looked at; an answer is a JSON object. Errors look
like AWS's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.routing import Route

from regard.errors import UnknownOperationException, ValidationException
from regard.wire.endpoint import Endpoint

_ROOT: Final = "/regard/v1"
_JOBS: Final = f"{_ROOT}/jobs"
_JOB: Final = f"{_ROOT}/jobs/{{JobId}}"
_CANCEL: Final = f"{_ROOT}/jobs/{{JobId}}/cancel"
_OPERATIONS: Final = {("GET", _JOBS): "list_jobs", ("GET", _JOB): "get_job", ("POST", _CANCEL): "cancel_job"}
_PARAMETERS: Final = {
    "list_jobs": ("MaxResults", "NextToken"),
    "get_job": ("JobId",),
    "cancel_job": ("JobId",),
}
_BODY_BYTES: Final = 64 * 1024
_JOB_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)  # the API's own pattern


class OwnPath:
    """The dialect of one of these paths."""

    targeted = False
    greeting: str | None = None
    media_type = "application/json"

    def __init__(self, path: str) -> None:
        self._path = path

    def operation(self, request: Request) -> str:
        try:
            return _OPERATIONS[request.method, self._path]
        except KeyError as error:
            raise UnknownOperationException("This address has another method.") from error

    def body_limit(self, operation: str) -> int:  # noqa: ARG002 - all are short
        return _BODY_BYTES

    def read(
        self,
        operation: str,
        address: Mapping[str, str],
        body: bytes,  # noqa: ARG002 - no operation takes one
    ) -> dict[str, Any]:
        params: dict[str, Any] = {name: address[name] for name in _PARAMETERS[operation] if name in address}
        if "JobId" in params and not _JOB_ID.fullmatch(params["JobId"]):
            raise ValidationException("A JobId has 1 to 64 letters, digits, - and _.")
        if "MaxResults" in params:
            params["MaxResults"] = _count(params["MaxResults"])
        return params

    def write(self, operation: str, response: dict[str, Any]) -> bytes:  # noqa: ARG002 - all are JSON
        return json.dumps(response, separators=(",", ":"), allow_nan=False).encode("ascii")


def own_routes(endpoint: Callable[[OwnPath], Endpoint]) -> list[Route]:
    """Every path, for whatever method; `endpoint` makes what serves one."""
    return [Route(path, endpoint(OwnPath(path))) for path in (_JOBS, _JOB, _CANCEL)]


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
        raise ValidationException("MaxResults must be a whole number from 1 on.")
    return int(text)
