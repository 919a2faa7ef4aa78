"""Shapes of a service model as JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from regard.api.documentation import markdown

_NUMBERS: Final = {
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
}
_SIZES: Final = {
    "string": ("minLength", "maxLength"),
    "list": ("minItems", "maxItems"),
    "map": ("minProperties", "maxProperties"),
}


class Schemas:
    """The schemas of structures, each named once, as an OpenAPI document holds them among its components."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def reference(self, shape: Any) -> dict[str, Any]:
        """A reference to a structure, which is added with all that it needs. Later versions may add members
        to it, so others are not excluded."""
        if shape.name not in self.components:
            self.components[shape.name] = {}  # its place, should it hold itself
            self.components[shape.name] = self._structure(shape, shape.members)
        return {"$ref": f"#/components/schemas/{shape.name}"}

    def request_body(self, shape: Any, members: Collection[str]) -> dict[str, Any]:
        """The part of a request that stands in its body. A member that it doesn't have is refused."""
        bound = {name: member for name, member in shape.members.items() if name in members}
        return self._structure(shape, bound) | {"additionalProperties": False}

    def _structure(self, shape: Any, members: dict[str, Any]) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: self._member(member) for name, member in members.items()},
        }
        if required := [name for name in shape.required_members if name in members]:
            schema["required"] = required
        if shape.documentation:
            schema["description"] = markdown(shape.documentation)
        return schema

    def _member(self, shape: Any) -> dict[str, Any]:
        return _described(shape, _schema(shape, self.reference, is_text=False))


def inline(shape: Any, *, is_text: bool) -> dict[str, Any]:
    """The schema of what holds no structure; `is_text` where it stands in an address or a header."""

    def refuse(structure: Any) -> dict[str, Any]:
        raise ValueError(f"{structure.name} is a structure")

    return _schema(shape, refuse, is_text=is_text)


def _schema(shape: Any, reference: Callable[[Any], dict[str, Any]], *, is_text: bool) -> dict[str, Any]:
    kind, rules = shape.type_name, shape.metadata
    if kind == "structure":
        return reference(shape)
    schema: dict[str, Any]
    if kind in _NUMBERS:
        schema = dict(_NUMBERS[kind])
    elif kind == "list":
        schema = {"type": "array", "items": _schema(shape.member, reference, is_text=is_text)}
    elif kind == "map":
        values = _schema(shape.value, reference, is_text=is_text)
        schema = {"type": "object", "additionalProperties": values}
    elif kind == "blob":
        return {"type": "string", "contentEncoding": "base64"}
    elif kind == "timestamp":
        return {"type": "string", "format": "date-time"} if is_text else dict(_SECONDS)
    else:
        schema = {"type": kind}
    low, high = _SIZES.get(kind, ("minimum", "maximum"))
    schema |= {name: rules[rule] for name, rule in ((low, "min"), (high, "max")) if rule in rules}
    if "pattern" in rules:
        schema["pattern"] = f"^(?:{rules['pattern']})$"
    if rules.get("enum"):
        schema["enum"] = list(rules["enum"])
    return schema


_SECONDS: Final = {"type": "number", "description": "Seconds since the epoch, with milliseconds."}


def _described(shape: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """With what the model says of a member; JSON Schema lets a description stand beside a reference."""
    text = markdown(shape.documentation)
    if not text:
        return schema
    return schema | {"description": " ".join(filter(None, (text, schema.get("description"))))}
