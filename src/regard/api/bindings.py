"""Which part of an HTTP request holds which member: labels of the path, query, headers, body.

Source: https://smithy.io/2.0/spec/http-bindings.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from regard.api.model import ApiOperation

_LABEL: Final = re.compile(r"\{(\w+)\}", re.ASCII)
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_NUMBER: Final = re.compile(
    r"-?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})(e[+-]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE
)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_SERVED: Final = frozenset({"string", "boolean", "integer", "long", "float", "double"})


@dataclass(frozen=True, slots=True)
class Bindings:
    """Where the members of an operation's input are.

    `segments` are those of the path; `labels` tells which of them hold members, by their numbers. `query` and
    `headers` map names there, headers in lower case, to members; the rest is in the body.
    """

    segments: tuple[str, ...]
    labels: Mapping[int, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: frozenset[str]

    @classmethod
    def of(cls, operation: ApiOperation) -> Bindings:
        """Raises ValueError for a binding that isn't served, which no model of ours may have."""
        places: dict[str, dict[str, str]] = {"uri": {}, "querystring": {}, "header": {}, "body": {}}
        if "payload" in operation.input.serialization:
            raise ValueError(f"{operation.name}: a payload is not served")
        for member, shape in operation.input.members.items():
            location = shape.serialization.get("location", "body")
            if location not in places or not _is_served(location, shape):
                raise ValueError(f"{operation.name}: {member} is not served as {location}")
            places[location][shape.serialization.get("name", member)] = member
        segments = tuple(operation.path.split("/"))
        found = {number: _LABEL.fullmatch(segment) for number, segment in enumerate(segments)}
        labels = {number: places["uri"].pop(match[1]) for number, match in found.items() if match}
        if places["uri"]:
            raise ValueError(f"{operation.name}: {', '.join(places['uri'])} has no label in the path")
        return cls(
            segments=segments,
            labels=labels,
            query=places["querystring"],
            headers={name.lower(): member for name, member in places["header"].items()},
            body=frozenset(places["body"]),
        )

    def match(self, segments: Sequence[str]) -> bool:
        """Whether a path is this one. A label is never empty."""
        return len(segments) == len(self.segments) and all(
            bool(sent) if number in self.labels else sent == own
            for number, (sent, own) in enumerate(zip(segments, self.segments, strict=True))
        )


def value_of(shape: Any, texts: Sequence[str]) -> Any:
    """What an address or a header says, as JSON in a body would say it.

    A text that is none of its type stays as it is, and so do several texts for one value: the check of types
    refuses them, as it does in a body.
    """
    if shape.type_name == "list":
        return [value_of(shape.member, [text]) for text in texts]
    if len(texts) != 1:
        return list(texts)
    return _READERS.get(shape.type_name, str)(texts[0])


def _is_served(location: str, shape: Any) -> bool:
    """Lists are in queries and bodies, times in addresses have the form of ISO 8601, which is the default."""
    if location == "body":
        return "name" not in shape.serialization
    if location == "querystring" and shape.type_name == "list":
        shape = shape.member
    if shape.type_name == "timestamp":
        return location != "header" and "timestampFormat" not in shape.serialization
    return shape.type_name in _SERVED


def _whole(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def _number(text: str) -> float | str:
    return float(text) if _NUMBER.fullmatch(text) else text


def _boolean(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


def _time(text: str) -> float | str:
    try:
        return datetime.fromisoformat(text).timestamp() if _TIME.fullmatch(text) else text
    except ValueError:  # the 31st of June
        return text


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "timestamp": _time,
}
