"""An API in REST JSON as Markdown for people, made from its service model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from regard.api.bindings import Bindings
from regard.api.documentation import markdown
from regard.api.model import Api, ApiOperation

_TYPES: Final[Mapping[str, str]] = {
    "timestamp": "time",
    "double": "number",
    "float": "number",
    "long": "whole number",
    "integer": "whole number",
    "blob": "bytes",
}


def api_reference(api: Api, permissions: Mapping[str, str]) -> str:
    """Every operation with its request and answer, then the structures that they hold.

    `permissions`, what it takes to call one, are by the operations' keys.
    """
    operations = sorted(api.operations.values(), key=lambda one: one.name)
    shared = set(operations[0].errors).intersection(*(one.errors for one in operations))
    lines = ["## Operations", "", f"Each may answer {_errors(api, shared)}; other errors are named."]
    for operation in operations:
        lines += _operation(operation, permissions[operation.key])
        if own := set(operation.errors) - shared:
            lines += ["", f"Errors: {_errors(api, own)}."]
    lines += ["", "## Structures"]
    sides = [side for one in operations for side in (one.input, one.output)]
    held = {shape.name: shape for side in sides for shape in _held(side)}
    for name, shape in sorted(held.items()):
        lines += ["", f"### {name}", "", markdown(shape.documentation), "", *_table(shape, "member")]
    return "\n".join(lines)


def _errors(api: Api, codes: Collection[str]) -> str:
    return ", ".join(f"{code} ({api.error_status(code)})" for code in sorted(codes))


def _operation(operation: ApiOperation, permission: str) -> list[str]:
    return [
        *("", f"### {operation.name}", ""),
        f"`{operation.method} {operation.path}` · {permission}",
        *("", markdown(operation.documentation), ""),
        *_request(operation),
        *("", *_table(operation.output, "answer")),
    ]


def _request(operation: ApiOperation) -> Iterator[str]:
    bindings = Bindings.of(operation)
    places = dict.fromkeys(bindings.labels.values(), "path")
    places |= dict.fromkeys(bindings.query.values(), "query") | dict.fromkeys(bindings.body, "body")
    places |= {member: f"header `{name}`" for name, member in bindings.headers.items()}
    if not places:
        return
    yield "| request | in | | |"
    yield "|---|---|---|---|"
    for name, member in operation.input.members.items():
        needed = ", required" if name in operation.input.required_members else ""
        yield f"| `{name}` | {places[name]} | {_type(member)}{needed} | {markdown(member.documentation)} |"


def _table(structure: Any, title: str) -> Iterator[str]:
    yield f"| {title} | | |"
    yield "|---|---|---|"
    for name, member in structure.members.items():
        may = "" if name in structure.required_members else ", may be absent"
        yield f"| `{name}` | {_type(member)}{may} | {markdown(member.documentation)} |"


def _type(shape: Any) -> str:
    kind, rules = str(shape.type_name), shape.metadata
    if kind == "structure":
        return f"[{shape.name}](#{shape.name.lower()})"
    if kind == "list":
        count = f"{rules['min']} × " if "min" in rules and rules["min"] == rules.get("max") else ""
        return f"list of {count}{_type(shape.member)}"
    if kind == "map":
        return f"map to {_type(shape.value)}"
    if rules.get("enum"):
        return " or ".join(f"`{value}`" for value in rules["enum"])
    return _TYPES.get(kind, kind) + _range(kind, rules)


def _range(kind: str, rules: Mapping[str, Any]) -> str:
    unit = " characters" if kind == "string" else ""
    if "max" not in rules:
        return ""
    low = f"{rules['min']:,} to " if "min" in rules else "up to "
    return f", {low}{rules['max']:,}{unit}"


def _held(shape: Any) -> Iterator[Any]:
    """The structures within a shape."""
    inner: list[Any] = []
    if shape.type_name == "structure":
        inner = list(shape.members.values())
    elif shape.type_name == "list":
        inner = [shape.member]
    elif shape.type_name == "map":
        inner = [shape.value]
    for one in inner:
        if one.type_name == "structure":
            yield one
        yield from _held(one)
