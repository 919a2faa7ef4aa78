"""Requests for another service: the error says for which, since it is the address that is wrong."""

from __future__ import annotations

import re
from typing import Final

from regard.api.model import Api
from regard.errors import UnknownOperationException

_TARGET: Final = re.compile(
    r"(?P<service>[A-Za-z][A-Za-z0-9]{0,63})(_[0-9]{8})?\.(?P<operation>[A-Za-z][A-Za-z0-9]{0,63})"
)
_STREAMING: Final = "Amazon Rekognition Streaming"
_SERVICES: Final = {"StartFaceLivenessSession": _STREAMING}
"""Operations that clients take for Rekognition's, and the service that each belongs to."""


def unknown_target(api: Api, target: str) -> UnknownOperationException:
    """The error for an X-Amz-Target that names no operation of the API."""
    match = _TARGET.fullmatch(target)
    if match is None:
        return UnknownOperationException()
    service, operation = match["service"], match["operation"]
    if service == api.model.metadata["targetPrefix"]:
        service = _SERVICES.get(operation, "")
    name = api.model.metadata["serviceFullName"]
    if not service:
        return UnknownOperationException(f"{name} has no operation {operation}.")
    return _of_another(operation, service, name)


def unknown_path() -> UnknownOperationException:
    """The error for an address where nothing is."""
    return UnknownOperationException("There is nothing at this address.")


def _of_another(operation: str, service: str, here: str) -> UnknownOperationException:
    return UnknownOperationException(
        f"{operation} is an operation of another service, {service}; at this address is {here}."
    )
