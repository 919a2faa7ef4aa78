"""Tables without a medium: a terminal and a page each have their own way to show one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto


class Breaks(Enum):
    """Where a text may be broken that is too long for its column."""

    NEVER = auto()
    WORDS = auto()
    ANYWHERE = auto()


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a column; `right` says that its cells stand at the right, as numbers do."""

    name: str
    breaks: Breaks = Breaks.WORDS
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` have a cell for each header. `flagged` are the places of rows that want attention."""

    headers: Sequence[Header]
    rows: Sequence[Sequence[str]]
    flagged: frozenset[int] = field(default_factory=frozenset)


def whole(*names: str) -> Iterable[Header]:
    """Columns whose cells are short, and never broken."""
    return (Header(name, Breaks.NEVER) for name in names)


def broken(*names: str) -> Iterable[Header]:
    """Columns of names and paths, which may be broken anywhere."""
    return (Header(name, Breaks.ANYWHERE) for name in names)


def numbers(*names: str) -> Iterable[Header]:
    """Columns of numbers, at the right."""
    return (Header(name, right=True) for name in names)
