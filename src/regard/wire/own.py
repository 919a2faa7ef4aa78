"""Paths of Regard's own, below `/regard/v1`: what Rekognition has no operation for. Signed as all requests
are.

A request has an empty body or a JSON object; an answer is a JSON object. Errors look like AWS's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.routing import Route

from regard.errors import SerializationException, UnknownOperationException, ValidationException
from regard.wire.endpoint import Endpoint

_ROOT: Final = "/regard/v1"
_JOBS: Final = f"{_ROOT}/jobs"
_JOB: Final = f"{_ROOT}/jobs/{{JobId}}"
_CANCEL: Final = f"{_ROOT}/jobs/{{JobId}}/cancel"
_OPERATIONS: Final = {("GET", _JOBS): "list_jobs", ("GET", _JOB): "get_job", ("POST", _CANCEL): "cancel_job"}
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

    def read(self, operation: str, path: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        params = _object(body) | dict(path)
        if "JobId" in params and not _JOB_ID.fullmatch(params["JobId"]):
            raise ValidationException("A JobId has 1 to 64 letters, digits, - and _.")
        if operation == "list_jobs":
            _check_page(params)
        return params

    def write(self, operation: str, response: dict[str, Any]) -> bytes:  # noqa: ARG002 - all are JSON
        return json.dumps(response, separators=(",", ":"), allow_nan=False).encode("ascii")


def own_routes(endpoint: Callable[[OwnPath], Endpoint]) -> list[Route]:
    """Every path, for whatever method; `endpoint` makes what serves one."""
    return [Route(path, endpoint(OwnPath(path))) for path in (_JOBS, _JOB, _CANCEL)]


def _object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        read = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise SerializationException from error
    if not isinstance(read, dict):
        raise SerializationException("The body must be a JSON object.")
    return {name: value for name, value in read.items() if value is not None}


def _check_page(params: Mapping[str, Any]) -> None:
    most, token = params.get("MaxResults", 1), params.get("NextToken", "")
    if type(most) is not int or most < 1:
        raise ValidationException("MaxResults must be a whole number from 1 on.")
    if not isinstance(token, str):
        raise ValidationException("NextToken must be the text that was answered.")
