"""Small counts are not published, nor what they could be computed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HIDDEN: Final = -1
"""Stands for a count that is not published."""


def published(counts: Mapping[str, int], minimum: int) -> dict[str, int]:
    """The counts as the public may read them beside their sum: those of 1 to `minimum` - 1 are `HIDDEN`.

    Where one alone would be hidden, the smallest of the others is hidden with it, since the sum would tell
    it. The sum itself may be published when at least two counts are hidden, or none.
    """
    hidden = {name for name, count in counts.items() if 0 < count < minimum}
    if len(hidden) == 1:
        others = [name for name, count in counts.items() if name not in hidden and count > 0]
        hidden |= set(sorted(others, key=lambda name: (counts[name], name))[:1])
    return {name: HIDDEN if name in hidden else count for name, count in counts.items()}


def published_sum(counts: Mapping[str, int], minimum: int) -> int:
    """Their sum; `HIDDEN` where it is small itself, or would tell the one count that is hidden."""
    total = sum(counts.values())
    hidden = sum(count == HIDDEN for count in published(counts, minimum).values())
    return HIDDEN if 0 < total < minimum or hidden == 1 else total
