"""AWS JSON 1.1: everything is POSTed to `/`, a header names the operation, the body holds all of it.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from regard.api.elsewhere import unknown_target
from regard.api.messages import HttpAnswer, HttpRequest
from regard.api.model import Api, ApiOperation
from regard.api.parse import parse
from regard.api.serialize import error_headers, serialize, serialize_error
from regard.errors import ServiceError, UnknownOperationException

CONTENT_TYPE: Final = "application/x-amz-json-1.1"
_ROOM: Final = 512 * 1024
"""Bytes that a request may use for everything in it that is not an image."""


class AwsJson:
    """An API in this protocol."""

    is_targeted = True

    def __init__(self, api: Api) -> None:
        self._api = api
        prefix = api.model.metadata["targetPrefix"]
        self._targets: Mapping[str, ApiOperation] = {
            f"{prefix}.{operation.name}": operation for operation in api.operations.values()
        }

    def operation(self, request: HttpRequest) -> ApiOperation:
        if request.method != "POST":
            raise UnknownOperationException("Requests are sent with the method POST.")
        target = request.header("x-amz-target") or ""
        operation = self._targets.get(target)
        if operation is None:
            raise unknown_target(self._api, target)
        return operation

    def body_limit(self, operation: ApiOperation, image_bytes: int) -> int:
        return operation.body_limit(image_bytes, _ROOM)

    def read(self, operation: ApiOperation, request: HttpRequest) -> dict[str, Any]:
        return parse(operation.input, request.body)

    def write(self, operation: ApiOperation, response: Mapping[str, Any], request_id: str) -> HttpAnswer:
        headers = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id}
        return HttpAnswer(operation.status, headers, serialize(operation.output, response))

    def write_error(self, error: ServiceError, request_id: str) -> HttpAnswer:
        body = serialize_error(error, request_id, self._api.error_members(error.code))
        return HttpAnswer(error.status, error_headers(error, request_id, CONTENT_TYPE), body)
