"""A real HTTP server over a gate in memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .peer import InMemoryGate, endpoint
from .serving import serving


@pytest.fixture(scope="module")
def gate() -> InMemoryGate:
    return InMemoryGate()


@pytest.fixture(scope="module")
def address(gate: InMemoryGate) -> Iterator[str]:
    """The address of a real HTTP server."""
    with ThreadPoolExecutor(2) as executor, serving(endpoint(gate, executor)) as where:
        yield where
