"""The one way from a request to its answer: read, validated, passed to the gate, written.

The HTTP endpoint, `regard.client()` and the command line go it, each from where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from regard import tracing
from regard.api.aws_json import AwsJson
from regard.api.messages import HttpAnswer, HttpRequest
from regard.api.model import Api, ApiOperation
from regard.api.rest_json import RestJson
from regard.api.validate import validate
from regard.caller import Caller
from regard.errors import ImageTooLargeException, RequestEntityTooLargeException, ServiceError
from regard.governance.released import Released
from regard.settings import Settings

if TYPE_CHECKING:
    from regard.vision.findings import Pictures


class OperationGate(Protocol):
    """The only caller of operations."""

    def answer(
        self,
        operation: str,
        params: Mapping[str, Any],
        caller: Caller,
        *,
        request_id: str | None = None,
        case: str | None = None,
        pictures: Pictures | None = None,
    ) -> Released:
        """The response of `operation` (`detect_labels`), and its headers. Raises ServiceError."""
        ...


class ApiProtocol(Protocol):
    """How the requests of an API are read, and its answers written."""

    is_targeted: bool  # whether the header X-Amz-Target names the operation, and so must be signed

    def operation(self, request: HttpRequest) -> ApiOperation:
        """What a request asks for; its body is not read. Raises UnknownOperationException."""
        ...

    def body_limit(self, operation: ApiOperation, image_bytes: int) -> int:
        """The longest body, in bytes."""
        ...

    def read(self, operation: ApiOperation, request: HttpRequest) -> dict[str, Any]:
        """The operation's parameters, of the right types. Raises ServiceError for others."""
        ...

    def write(self, operation: ApiOperation, response: Mapping[str, Any], request_id: str) -> HttpAnswer:
        """The answer. Raises ResponseShapeError for what the operation should not have returned."""
        ...

    def write_error(self, error: ServiceError, request_id: str) -> HttpAnswer:
        """An error as the SDKs read it."""
        ...


_PROTOCOLS: Final[Mapping[str, type[AwsJson | RestJson]]] = {"json": AwsJson, "rest-json": RestJson}


@dataclass(frozen=True, slots=True)
class ServedApi:
    """An API before the gate that answers it.

    An image in a request may have `image_bytes`, one in a bucket `object_bytes`.
    """

    api: Api
    protocol: ApiProtocol
    gate: OperationGate
    image_bytes: int
    object_bytes: int

    @classmethod
    def of(cls, api: Api, gate: OperationGate, settings: Settings) -> ServedApi:
        protocol = _PROTOCOLS[api.protocol](api)
        return cls(api, protocol, gate, settings.image_bytes, settings.object_bytes)

    def body_limit(self, operation: ApiOperation) -> int:
        """The longest body of a request, in bytes."""
        return self.protocol.body_limit(operation, self.image_bytes)

    def oversized(self, operation: ApiOperation) -> ServiceError:
        """What a request with a longer body is answered."""
        if operation.takes_images:
            return ImageTooLargeException.of_bytes(self.image_bytes, self.object_bytes)
        return RequestEntityTooLargeException()

    def check(self, key: str, params: Mapping[str, Any]) -> None:
        """Holds a request to the model's constraints, without making it. Raises ValidationException."""
        validate(self.api.operations[key].input, params)

    def call(
        self,
        key: str,
        params: Mapping[str, Any],
        caller: Caller,
        *,
        request_id: str | None = None,
        case: str | None = None,
        pictures: Pictures | None = None,
    ) -> Released:
        """The response to parameters of the right types, as Python has them. Raises ServiceError."""
        self.check(key, params)
        with tracing.span("gate"):
            return self.gate.answer(key, params, caller, request_id=request_id, case=case, pictures=pictures)

    def answer(
        self,
        operation: ApiOperation,
        request: HttpRequest,
        caller: Caller,
        *,
        request_id: str,
        case: str | None = None,
    ) -> HttpAnswer:
        """The answer to a request that `caller` was found to have made. Raises ServiceError."""
        params = self.protocol.read(operation, request)
        released = self.call(operation.key, params, caller, request_id=request_id, case=case)
        written = self.protocol.write(operation, released.body, request_id)
        if not released.headers:
            return written
        return replace(written, headers={**written.headers, **released.headers})
