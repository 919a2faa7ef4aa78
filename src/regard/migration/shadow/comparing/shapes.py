"""Which fields two answers have, and of which types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def compare_shapes(here: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, list[str]]:
    """Paths of fields that only one side has, and of those whose types differ: `FaceDetails[].Pose.Yaw`.

    What is within a list that is empty on one side is not compared.
    """
    own, theirs = _fields(here), _fields(there)
    empty = [path for fields in (own, theirs) for path, kind in fields.items() if kind == "empty"]
    return {
        "missing": sorted(path for path in theirs.keys() - own.keys() if not _below(path, empty)),
        "extra": sorted(path for path in own.keys() - theirs.keys() if not _below(path, empty)),
        "types": sorted(
            path
            for path in own.keys() & theirs.keys()
            if own[path] != theirs[path] and "empty" not in (own[path], theirs[path])
        ),
    }


def _fields(document: Mapping[str, Any]) -> dict[str, str]:
    return dict(_walk(document, ""))


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _walk(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield path, "list" if value else "empty"
        for one in value:
            yield from _walk(one, f"{path}[]")
    else:
        yield path, _kind(value)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"


def _below(path: str, empty: list[str]) -> bool:
    return any(path.startswith(f"{one}[]") for one in empty)
