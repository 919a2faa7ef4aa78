"""What a model is to the rest of Regard: it says which networks it needs, and sees only a runner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = list[NDArray[Any]]


class Runner(Protocol):
    """Runs networks by name; SessionPool does, and so does any stand-in of a test."""

    def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """The network's outputs, in its own order. Raises KeyError for a network that isn't there."""

    def metadata(self, name: str) -> Mapping[str, str]:
        """What the network's own file says of it. Raises KeyError for a network that isn't there."""


class Model(Protocol):
    """One task's model. Built from a runner, it keeps no state of its own between calls."""

    version: str  # changes whenever results can't be compared with those of before
    networks: tuple[str, ...]  # the names that it runs
