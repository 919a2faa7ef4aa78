"""Analyses that know nothing from one frame to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.video.stretches.demand import Rehearsal


class Momentary:
    """The part of such an analysis that there is nothing to say of."""

    follows = False
    rehearsal: Rehearsal | None = None

    def finish(self) -> Sequence[Any]:
        return []

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """There is nothing to restore."""
