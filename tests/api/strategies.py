"""Requests, responses and JSON, generated from the service model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from regard.api.model import REKOGNITION, load_api
from regard.api.patterns import python_pattern

BITS = {"integer": 31, "long": 63}

API = load_api(REKOGNITION)

operations = st.sampled_from(list(API.operations))
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@lru_cache(maxsize=256)
def valid_requests(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Requests that satisfy every constraint of the model."""
    return _structure(API.operations[operation].input, _constrained)


@lru_cache(maxsize=256)
def responses(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Responses of the right types; values are free."""
    return _structure(API.operations[operation].output, _free)


def minimal_request(operation: str) -> dict[str, Any]:
    """The required members alone, with one fixed valid value for each kind."""
    return _minimal(API.operations[operation].input)


def _minimal(shape: Any) -> Any:
    kind, rules = shape.type_name, shape.metadata
    if kind == "structure":
        return {name: _minimal(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [_minimal(shape.member) for _ in range(rules.get("min", 1) or 1)]
    if kind == "map":
        return {"key": "value"}
    if kind == "string":
        return shape.enum[0] if shape.enum else _example(rules.get("pattern"), rules.get("min", 1))
    return {"blob": b"x", "boolean": True}.get(kind, rules.get("min", 1))


def _example(pattern: str | None, length: int) -> str:
    candidates = (
        "a" * max(length, 1),
        "01234567-89ab-cdef-0123-456789abcdef",
        "1.0.0",
        *(
            f"arn:aws:{rest}"
            for rest in (
                "iam::123456789012:role/r",
                "sns:us-east-1:123456789012:topic",
                "kinesis:us-east-1:123456789012:stream/s",
                "kinesisvideo:us-east-1:123456789012:stream/s/1",
                "rekognition:us-east-1:123456789012:project/p/1",
                "rekognition:us-east-1:123456789012:project/p/version/v/1",
                "rekognition:us-east-1:123456789012:project/p/dataset/train/1",
                "rekognition:us-east-1:123456789012:streamprocessor/s",
            )
        ),
    )
    return next(
        text
        for text in candidates
        if len(text) >= length and (pattern is None or python_pattern(pattern).fullmatch(text))
    )


def _structure(shape: Any, leaf: Callable[[Any], st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    members = {name: _values(member, leaf) for name, member in shape.members.items()}
    return st.fixed_dictionaries(
        {name: members[name] for name in shape.required_members},
        optional={name: value for name, value in members.items() if name not in shape.required_members},
    )


def _values(shape: Any, leaf: Callable[[Any], st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    least = shape.metadata.get("min", 0)
    if shape.type_name == "structure":
        return _structure(shape, leaf)
    if shape.type_name == "list":
        return st.lists(
            _values(shape.member, leaf),
            min_size=least,
            max_size=min(least + 2, shape.metadata.get("max", least + 2)),
        )
    if shape.type_name == "map":
        return st.dictionaries(_values(shape.key, leaf), _values(shape.value, leaf), max_size=2)
    return leaf(shape)


def _constrained(shape: Any) -> st.SearchStrategy[Any]:
    kind, rules = shape.type_name, shape.metadata
    least, most = rules.get("min"), rules.get("max")
    if kind == "string":
        return _strings(shape, least or 0, most)
    if kind == "blob":
        return st.binary(min_size=least or 0, max_size=40)
    if kind in BITS:
        edge = 1 << BITS[kind]
        return st.integers(-edge if least is None else least, edge - 1 if most is None else most)
    if kind in ("float", "double"):
        return st.floats(least, most, allow_nan=False, allow_infinity=False)
    assert kind == "boolean", f"{shape.name} is of a kind that no request had: {kind}"
    return st.booleans()


def _strings(shape: Any, least: int, most: int | None) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(shape.enum)
    pattern = shape.metadata.get("pattern")
    if pattern is None:
        characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")  # refused in any text
        return st.text(
            characters, min_size=least, max_size=least + 20 if most is None else min(most, least + 20)
        )
    matching = st.from_regex(python_pattern(pattern), fullmatch=True)
    most = 2048 if most is None else most
    return matching.filter(lambda value: least <= len(value) <= most and "\0" not in value)


def _free(shape: Any) -> st.SearchStrategy[Any]:
    kind = shape.type_name
    if kind in BITS:
        return st.integers(-(1 << BITS[kind]), (1 << BITS[kind]) - 1)
    return {
        "string": text,
        "blob": st.binary(max_size=40),
        "boolean": st.booleans(),
        "float": st.floats(allow_nan=False, allow_infinity=False),
        "double": st.floats(allow_nan=False, allow_infinity=False),
        # AWS answers milliseconds.
        "timestamp": st.integers(0, 4_102_444_800_000).map(
            lambda milliseconds: datetime.fromtimestamp(milliseconds / 1000, UTC)
        ),
    }[kind]
