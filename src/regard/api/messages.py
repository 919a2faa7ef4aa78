"""HTTP messages as plain values, whatever carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came: path and query percent-encoded, headers in order, with repetitions.

    Headers are found by names in lower case, as ASGI has them.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of a name, None where there is none."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What is answered. Headers of the connection are for whoever sends it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
