"""What is found of each of several (faces, persons), and kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Kept(Generic[K, T]):
    """What `find` finds of each: of those that are asked for, and of each once."""

    def __init__(self, find: Callable[[Sequence[K]], Iterable[T]]) -> None:
        self._find = find
        self._found: dict[K, T] = {}

    def of(self, some: Sequence[K]) -> list[T]:
        """In the order that is asked for. Raises what `find` raises; nothing is kept then."""
        missing = [one for one in dict.fromkeys(some) if one not in self._found]
        if missing:
            self._found.update(zip(missing, self._find(missing), strict=True))
        return [self._found[one] for one in some]
