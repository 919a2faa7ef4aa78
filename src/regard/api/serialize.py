"""Responses and errors as JSON."""

from __future__ import annotations

import json
import math
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from operator import index
from typing import Any, Final, NoReturn

from regard.errors import ServiceError


class ResponseShapeError(TypeError):
    """An operation returned what its output shape cannot hold: a mistake in the code, never the client's."""


def serialize(shape: Any, response: Mapping[str, Any]) -> bytes:
    """The body of a response, which has the members of `shape`, a `StructureShape`: timestamps as epoch
    seconds, blobs in Base64, members that are None left out.

    NumPy scalars are taken as numbers. Raises ResponseShapeError, naming the place, for a member that the
    shape does not have, a value of the wrong type, or a float that is not finite.
    """
    try:
        written = _structure(shape, response)
    except ResponseShapeError as error:
        raise ResponseShapeError(f"{shape.name}: {error}") from error
    return _json(written)


def serialize_error(error: ServiceError, request_id: str, members: Iterable[str] = ()) -> bytes:
    """The body of an error, in the form that Rekognition's own errors have.

    `members` are those that the model gives the exception beside its message (HumanLoopQuotaExceededException
    has three); they are taken from the error's attributes of those names.
    """
    body = {"__type": error.code, "Code": error.code, "Logref": request_id, "Message": error.message}
    for name in sorted(members):
        value = getattr(error, name, None)
        if isinstance(value, str):
            body[name] = value
    return _json(body)


def error_headers(error: ServiceError, request_id: str, content_type: str) -> dict[str, str]:
    """The headers of an error: the SDKs take its code from `x-amzn-ErrorType` first."""
    return {"Content-Type": content_type, "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}


def _json(value: Any) -> bytes:
    # ASCII with escapes: one byte a character, and no string that could fail to encode.
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def _structure(shape: Any, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        _defect(shape, value)
    members = shape.members
    written: dict[str, Any] = {}
    name: str | None = None
    try:
        for name, item in value.items():
            member = members[name]
            if item is not None:
                written[name] = _WRITERS[member.type_name](member, item)
    except ResponseShapeError as error:
        # The place is put together on the way out only: it would cost as much as all the rest.
        raise ResponseShapeError(f"{name}.{error}") from error
    except KeyError as error:
        raise ResponseShapeError(f"{name}: {shape.name} has no such member") from error
    return written


def _list(shape: Any, value: Any) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        _defect(shape, value)
    member = shape.member
    write = _WRITERS[member.type_name]
    return [write(member, item) for item in value]


def _map(shape: Any, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        _defect(shape, value)
    member = shape.value
    write = _WRITERS[member.type_name]
    return {_string(shape.key, key): write(member, item) for key, item in value.items()}


def _string(shape: Any, value: Any) -> str:
    if not isinstance(value, str):
        _defect(shape, value)
    return str(value)  # an enum.StrEnum, too


def _blob(shape: Any, value: Any) -> str:
    if not isinstance(value, bytes | bytearray | memoryview):
        _defect(shape, value)
    return b2a_base64(value, newline=False).decode("ascii")


def _boolean(shape: Any, value: Any) -> bool:
    # numpy.bool_ is no bool, but it is named like one; anything else would be a slip.
    if type(value) is not bool and type(value).__name__ not in ("bool", "bool_"):
        _defect(shape, value)
    return bool(value)


def _integer(shape: Any, value: Any) -> int:
    if isinstance(value, bool):
        _defect(shape, value)
    try:
        return index(value)
    except TypeError:
        _defect(shape, value)


def _float(shape: Any, value: Any) -> float:
    if type(value) is not float:
        if isinstance(value, bool | str | bytes):
            _defect(shape, value)
        try:
            value = float(value)
        except (TypeError, ValueError):
            _defect(shape, value)
    if not math.isfinite(value):
        raise ResponseShapeError(f"{shape.name}: {value} is not finite")
    return float(value)


def _timestamp(shape: Any, value: Any) -> float:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ResponseShapeError(f"{shape.name}: a timestamp without a time zone")
        value = value.timestamp()
    return round(_float(shape, value), 3)  # AWS answers milliseconds


def _defect(shape: Any, value: Any) -> NoReturn:
    raise ResponseShapeError(f"{shape.name}: a {shape.type_name} can't be made of {type(value).__name__}")


_WRITERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": _blob,
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "timestamp": _timestamp,
}
