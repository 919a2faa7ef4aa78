"""REST JSON: method and path name the operation; path, query, headers and body hold its members.

Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from regard.api.bindings import Bindings, value_of
from regard.api.messages import HttpAnswer, HttpRequest
from regard.api.model import Api, ApiOperation
from regard.api.parse import read, read_json
from regard.api.serialize import error_headers, serialize, serialize_error
from regard.api.strict import foreign, unknown
from regard.api.validate import refuse
from regard.errors import SerializationException, ServiceError, UnknownOperationException, ValidationException

CONTENT_TYPE: Final = "application/json"
_ROOM: Final = 64 * 1024
"""Bytes that a request may use for everything in it that is not an image."""
_NOT_FOUND: Final = 404
_PARAMETERS: Final = 1000  # of a query


class RestJson:
    """An API in this protocol. What it doesn't know is refused, wherever it stands."""

    is_targeted = False

    def __init__(self, api: Api) -> None:
        """Raises ValueError for a model with a binding that isn't served."""
        self._api = api
        self._bindings = {key: Bindings.of(operation) for key, operation in api.operations.items()}
        # Where a word and a label fit, the word is meant: False comes before True.
        self._paths = sorted(
            self._bindings.items(),
            key=lambda item: [number in item[1].labels for number in range(len(item[1].segments))],
        )

    def operation(self, request: HttpRequest) -> ApiOperation:
        segments = request.path.split("/")
        found = [self._api.operations[key] for key, bound in self._paths if bound.match(segments)]
        if not found:
            raise UnknownOperationException("There is nothing at this address.")
        for operation in found:
            if operation.method == request.method:
                return operation
        raise UnknownOperationException("This address has another method.")

    def bindings(self, operation: ApiOperation) -> Bindings:
        """Where the members of an operation's input are."""
        return self._bindings[operation.key]

    def body_limit(self, operation: ApiOperation, image_bytes: int) -> int:
        return operation.body_limit(image_bytes, _ROOM)

    def read(self, operation: ApiOperation, request: HttpRequest) -> dict[str, Any]:
        bindings = self._bindings[operation.key]
        members = operation.input.members
        try:
            addressed = _addressed(bindings, request)
            sent = read_json(request.body) if request.body else {}
            if type(sent) is not dict:
                raise ValidationException("The request body must be a JSON object.")
            strange = [unknown(sent.pop(name), name) for name in sent.keys() - bindings.body]
            document = sent | {name: value_of(members[name], texts) for name, texts in addressed.items()}
            refuse([*strange, *foreign(operation.input, document)])
            return read(operation.input, document)
        except SerializationException as error:
            raise ValidationException(error.message) from error

    def write(self, operation: ApiOperation, response: Mapping[str, Any], request_id: str) -> HttpAnswer:
        headers = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id}
        return HttpAnswer(operation.status, headers, serialize(operation.output, response))

    def write_error(self, error: ServiceError, request_id: str) -> HttpAnswer:
        status = self._api.error_status(error.code) or error.status
        if isinstance(error, UnknownOperationException):
            status = _NOT_FOUND
        body = serialize_error(error, request_id, self._api.error_members(error.code))
        return HttpAnswer(status, error_headers(error, request_id, CONTENT_TYPE), body)


def _addressed(bindings: Bindings, request: HttpRequest) -> dict[str, list[str]]:
    """The members in path, query and headers, each with its texts. Raises ValidationException."""
    segments = request.path.split("/")
    if request.query.count("&") >= _PARAMETERS:
        raise ValidationException(f"The address has more than {_PARAMETERS} parameters.")
    try:
        texts = {
            member: [unquote(segments[number], errors="strict")] for number, member in bindings.labels.items()
        }
        query = parse_qsl(request.query, keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS)
    except ValueError as error:  # broken UTF-8, or too many parameters
        raise ValidationException("The address can't be read: it is UTF-8, percent-encoded.") from error
    refuse(unknown(text, name) for name, text in query if name not in bindings.query)
    for name, text in query:
        texts.setdefault(bindings.query[name], []).append(text)
    for name, member in bindings.headers.items():
        if (sent := request.header(name)) is not None:
            texts[member] = [sent]
    return texts
