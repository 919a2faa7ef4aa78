"""What runs networks. A model says which it needs, in `networks`, and sees nothing else of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray


class Runner(Protocol):
    """Runs networks by name; SessionPool does, and so does any stand-in of a test."""

    def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The network's outputs, in its own order. Raises KeyError for a network that isn't there."""

    def __contains__(self, name: str) -> bool:
        """Whether the network is there to be run. One that is optional may come while others run."""

    def metadata(self, name: str) -> Mapping[str, str]:
        """What the network's own file says of it. Raises KeyError for a network that isn't there."""

    def digest(self, name: str) -> str:
        """SHA-256 of the network's file, hex. Raises KeyError for a network that isn't there."""
