"""A request's values, held to the service model's constraints, with AWS's own sentences.

botocore checks types, lengths and ranges on the client's side, but no patterns and no enumerations; other
clients check nothing. So all of it is checked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from regard.api.model import IMAGE
from regard.api.patterns import LONGEST_PATTERNED, matches
from regard.errors import ValidationException

_SHOWN: Final = 20
"""Violations that are spelled out; all are counted. A million bad items must not make the answer."""
_ECHOED: Final = 1024
"""Characters of a refused value that the answer repeats."""

_NO_NUL: Final = "Member must not hold the character U+0000"
"""No model says so; but PostgreSQL keeps no text with it, and files aren't named with it."""

_SIZED: Final = frozenset({"string", "blob", "list", "map"})
_SCALARS: Final = frozenset({"string", "integer", "long", "float", "double", "boolean"})


def validate(shape: Any, params: Mapping[str, Any]) -> None:
    """Holds a parsed request to required members, lengths, sizes, ranges, enumerations and patterns.

    `shape` is the `StructureShape` of the operation's input; `params` has the types that
    `regard.api.parse.parse` gives. An image may have any size here: its limit is a setting, and what is
    larger has an error of its own, ImageTooLargeException.

    Raises ValidationException naming the violations, as AWS does: `1 validation error detected: Value 'a b'
    at 'collectionId' failed to satisfy constraint: Member must satisfy regular expression pattern: …`.
    """
    refuse(_structure(shape, params, ""))


def refuse(violations: Iterable[str]) -> None:
    """Raises ValidationException that counts the violations and names the first, if there is any."""
    shown: list[str] = []
    count = 0
    for violation in violations:
        count += 1
        if len(shown) < _SHOWN:
            shown.append(violation)
    if count:
        plural = "error" if count == 1 else "errors"
        raise ValidationException(f"{count} validation {plural} detected: {'; '.join(shown)}")


def _structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"Value null at '{join(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, item in value.items():
        yield from _value(shape.members[name], item, join(path, name))


def _value(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _structure(shape, value, path)
        return
    for constraint in _broken(shape, value):
        yield f"Value '{echo(value)}' at '{path}' failed to satisfy constraint: {constraint}"
    if shape.type_name == "list":
        yield from _items(shape, value, path)
    elif shape.type_name == "map":
        yield from _entries(shape, value, path)


def _items(shape: Any, value: list[Any], path: str) -> Iterator[str]:
    member = shape.member
    if member.type_name in _SCALARS:
        # AWS names the whole list, and every constraint of its items, once.
        if any(_refused(member, item) for item in value):
            yield (
                f"Value '{echo(value)}' at '{path}' failed to satisfy constraint: "
                f"Member must satisfy constraint: [{_constraints(member)}]"
            )
        return
    for number, item in enumerate(value, 1):
        at = f"{path}.{number}.member"
        if item is None:
            yield f"Value null at '{at}' failed to satisfy constraint: Member must not be null"
        else:
            yield from _value(member, item, at)


def _entries(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for words, member, items in (
        ("Map keys", shape.key, value.keys()),
        ("Map value", shape.value, value.values()),
    ):
        if any(_refused(member, item) for item in items):
            yield (
                f"Value '{echo(value)}' at '{path}' failed to satisfy constraint: "
                f"{words} must satisfy constraint: [{_constraints(member)}]"
            )


def _refused(shape: Any, value: Any) -> bool:
    return value is None or next(_broken(shape, value), None) is not None


def _broken(shape: Any, value: Any) -> Iterator[str]:
    """The constraints of `shape` itself that `value` does not satisfy."""
    size = len(value) if shape.type_name in _SIZED else value
    minimum, maximum = _bounds(shape)
    if maximum is not None and size > maximum:
        yield _upper_bound(shape, maximum)
    if minimum is not None and size < minimum:
        yield _lower_bound(shape, minimum)
    if shape.type_name == "string":
        pattern = shape.metadata.get("pattern")
        # A value that is too long is refused already, and is not worth a regular expression.
        if (
            pattern is not None
            and (maximum is None or size <= maximum)
            and not matches(pattern, value, shape.name)
        ):
            yield _pattern(pattern)
        if shape.enum and value not in shape.enum:
            yield _enumeration(shape)
        if "\0" in value:
            yield _NO_NUL


def _bounds(shape: Any) -> tuple[float | None, float | None]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.name == IMAGE:
        maximum = None
    if maximum is None and "pattern" in shape.metadata:
        maximum = LONGEST_PATTERNED
    return minimum, maximum


def _constraints(shape: Any) -> str:
    minimum, maximum = _bounds(shape)
    texts = []
    if maximum is not None:
        texts.append(_upper_bound(shape, maximum))
    if minimum is not None:
        texts.append(_lower_bound(shape, minimum))
    if "pattern" in shape.metadata:
        texts.append(_pattern(shape.metadata["pattern"]))
    if shape.type_name == "string" and shape.enum:
        texts.append(_enumeration(shape))
    return ", ".join([*texts, "Member must not be null"])


def _upper_bound(shape: Any, maximum: float) -> str:
    return f"Member must have {_measure(shape)} less than or equal to {maximum}"


def _lower_bound(shape: Any, minimum: float) -> str:
    return f"Member must have {_measure(shape)} greater than or equal to {minimum}"


def _pattern(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


def _enumeration(shape: Any) -> str:
    return f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"


def _measure(shape: Any) -> str:
    return "length" if shape.type_name in _SIZED else "value"


def join(path: str, name: str) -> str:
    """The place of a member in a place, as AWS writes it: `image.s3Object`."""
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name


def echo(value: Any) -> str:
    """A value as AWS's Java service prints it, cut to a length that is safe to answer."""
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if isinstance(value, list):
        text = f"[{', '.join(echo(item) for item in value[:_ECHOED])}]"
    elif isinstance(value, dict):
        pairs = list(value.items())[:_ECHOED]
        text = f"{{{', '.join(f'{echo(key)}={echo(item)}' for key, item in pairs)}}}"
    else:
        text = "null" if value is None else str(value)
    return text if len(text) <= _ECHOED else text[:_ECHOED] + "…"
