"""How an install tells what it is doing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called again and again with the name of a step and how many bytes of it are done; 0 of 0 is unknown."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def silent(step: str, done: int, total: int) -> None:
    """A Progress that tells nobody."""
