"""JSON held to a shape before it is read: every member is known, every value has its member's type.

Rekognition passes over members that it doesn't know. In Regard's own API a member that isn't known is a
mistake that its writer is told of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from regard.api.validate import echo, join

_NAMED: Final = {
    "structure": "an object",
    "map": "an object",
    "list": "a list",
    "string": "a string",
    "blob": "a string in Base64",
    "boolean": "true or false",
    "integer": "a whole number",
    "long": "a whole number",
    "float": "a number",
    "double": "a number",
    "timestamp": "a time",
}
_TYPES: Final = {"structure": dict, "map": dict, "list": list, "string": str, "blob": str, "boolean": bool}


def foreign(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """What in decoded JSON is foreign to `shape`, in sentences as `regard.api.validate` has them.

    `value` stands at `path`, as in `image.s3Object`. A null is none: it is as if nothing had been given, and
    in a list or a map validation refuses it.
    """
    kind = shape.type_name
    if value is None:
        return
    if not _has_type(kind, value):
        yield _violation(value, path, f"Member must be {_NAMED[kind]}")
    elif kind == "structure":
        for name, item in value.items():
            if name in shape.members:
                yield from foreign(shape.members[name], item, join(path, name))
            else:
                yield unknown(item, f"{path}.{name}" if path else name)
    elif kind == "list":
        for number, item in enumerate(value, 1):
            yield from foreign(shape.member, item, f"{path}.{number}.member")
    elif kind == "map":
        for item in value.values():
            yield from foreign(shape.value, item, f"{path}.value")


def unknown(value: Any, path: str) -> str:
    """The sentence for a member that no shape has; its name is as it was sent."""
    return _violation(value, path, "Member is not known")


def _violation(value: Any, path: str, constraint: str) -> str:
    return f"Value '{echo(value)}' at '{echo(path)}' failed to satisfy constraint: {constraint}"


def _has_type(kind: str, value: Any) -> bool:
    if kind in _TYPES:
        return type(value) is _TYPES[kind]
    if type(value) is float and kind in ("integer", "long"):
        return value.is_integer()  # some clients write 5 as 5.0
    return type(value) in (int, float)
