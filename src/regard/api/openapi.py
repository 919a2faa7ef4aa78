"""An API as OpenAPI 3.1, made from its service model.

Source: https://spec.openapis.org/oas/v3.1.0 and https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from regard.api.bindings import Bindings
from regard.api.documentation import first_sentence, markdown
from regard.api.model import Api, ApiOperation
from regard.api.schemas import Schemas, inline

_ERROR: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "__type": {"type": "string"},
        "Code": {
            "type": "string",
            "description": "The error's name, as in x-amzn-ErrorType.",
        },
        "Logref": {"type": "string", "description": "The id of the request."},
        "Message": {"type": "string", "description": "What is wrong and what to do."},
    },
    "required": ["Code", "Message"],
}
_CASE: Final[Mapping[str, Any]] = {
    "name": "X-Regard-Case",
    "in": "header",
    "description": "The case reference for the audit log. It must be a signed header.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 256},
}


def openapi(api: Api, version: str) -> dict[str, Any]:
    """The document, as JSON has it. `version` is the server's. Only REST JSON is described."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in api.operations.values():
        paths[operation.path][operation.method.lower()] = _operation(api, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": api.model.metadata["serviceFullName"],
            "version": version,
            "description": markdown(api.model.documentation),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"SignatureVersion4": []}],
        "paths": dict(paths),
        "components": {
            "schemas": {**schemas.components, "Error": _ERROR},
            "parameters": {"Case": _CASE},
            "securitySchemes": {"SignatureVersion4": _signature(api.model.signing_name)},
        },
    }


def _operation(api: Api, operation: ApiOperation, schemas: Schemas) -> dict[str, Any]:
    bindings = Bindings.of(operation)
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": first_sentence(operation.documentation),
        "description": markdown(operation.documentation),
        "parameters": _parameters(operation, bindings),
        "responses": {str(operation.status): _answer(operation, schemas), **_errors(api, operation)},
    }
    if operation.is_public:
        described["security"] = []
    else:
        described["parameters"].append({"$ref": "#/components/parameters/Case"})
    if bindings.body:
        body = schemas.request_body(operation.input, bindings.body)
        needed = any(name in bindings.body for name in operation.input.required_members)
        described["requestBody"] = {"required": needed, "content": {"application/json": {"schema": body}}}
    return described


def _parameters(operation: ApiOperation, bindings: Bindings) -> list[dict[str, Any]]:
    labels = {bindings.segments[number][1:-1]: member for number, member in bindings.labels.items()}
    places = (("path", labels), ("query", bindings.query), ("header", bindings.headers))
    return [
        {
            "name": name,
            "in": place,
            "required": member in operation.input.required_members,
            "description": markdown(operation.input.members[member].documentation),
            "schema": inline(operation.input.members[member], is_text=True),
        }
        for place, names in places
        for name, member in names.items()
    ]


def _answer(operation: ApiOperation, schemas: Schemas) -> dict[str, Any]:
    content = {"application/json": {"schema": schemas.reference(operation.output)}}
    return {"description": f"The answer of {operation.name}.", "content": content}


def _errors(api: Api, operation: ApiOperation) -> dict[str, Any]:
    """By status. An error that the model doesn't name, such as that of a signature, is the default one."""
    codes: dict[str, list[str]] = defaultdict(list)
    for code in operation.errors:
        codes[str(api.error_status(code))].append(code)
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    named = {status: f"{', '.join(sorted(found))}." for status, found in sorted(codes.items())}
    named["default"] = "Another error, such as that of a signature which does not hold."
    return {status: {"description": text, "content": content} for status, text in named.items()}


def _signature(service: str) -> dict[str, Any]:
    return {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": f"AWS Signature Version 4 for the service `{service}`, with a key of this server.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
