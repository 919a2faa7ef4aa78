"""What is found of each of several (faces, persons), and kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Kept(Generic[K, T]):
    """What was found of each: of those that were asked for, and of each once.

    It does not know what finds: that is mostly a method of its owner, and an owner that is referred to by
    what it owns stays in memory, with its picture, until Python's garbage collection comes to it.
    """

    def __init__(self) -> None:
        self._found: dict[K, T] = {}

    @classmethod
    def filled(cls, found: Mapping[K, T]) -> Kept[K, T]:
        """With what was found elsewhere."""
        kept: Kept[K, T] = cls()
        kept._found.update(found)
        return kept

    def all(self) -> dict[K, T]:
        """All that was found so far."""
        return dict(self._found)

    def of(self, some: Sequence[K], find: Callable[[Sequence[K]], Iterable[T]]) -> list[T]:
        """In the order that is asked for; `find` finds those that weren't found before.

        Raises what `find` raises; nothing is kept then.
        """
        missing = [one for one in dict.fromkeys(some) if one not in self._found]
        if missing:
            self._found.update(zip(missing, find(missing), strict=True))
        return [self._found[one] for one in some]
