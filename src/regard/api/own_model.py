"""Regard's own service model, read from the files in `own/`: one for the service, and one for each area.

An area's file has the `operations` and the `shapes` of its own; what several areas share, errors among it,
is in `service.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

OWN_FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "service-2": "service.json",
        "paginators-1": "paginators.json",
        "endpoint-rule-set-1": "endpoints.json",
    }
)
"""What botocore is told of Regard's own API, by the kind of file: here, and where botocore finds it."""


def write_own(kind: str) -> bytes:
    """A file about Regard's own API, in JSON, as botocore wants it. Raises what `read_own` raises."""
    return json.dumps(read_own(kind), indent=2, ensure_ascii=False).encode() + b"\n"


def read_own(kind: str) -> dict[str, Any]:
    """What such a file says.

    Raises KeyError for a kind that isn't in `OWN_FILES`, and ValueError where two areas say the same.
    """
    folder = files("regard.api") / "own"
    model: dict[str, Any] = json.loads((folder / OWN_FILES[kind]).read_bytes())
    if kind != "service-2":
        return model
    others = sorted(file.name for file in folder.iterdir() if file.name not in OWN_FILES.values())
    for name in others:
        if name.endswith(".json"):
            _join(model, json.loads((folder / name).read_bytes()), name)
    model["operations"] = dict(sorted(model["operations"].items()))
    return model


def _join(model: dict[str, Any], area: Mapping[str, Mapping[str, Any]], name: str) -> None:
    for part, members in area.items():
        twice = model[part].keys() & members.keys()
        if twice:
            raise ValueError(f"{name} declares again: {', '.join(sorted(twice))}.")
        model[part] |= members
