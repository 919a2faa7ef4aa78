"""What leaves the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Released:
    """An answer in the shape of its API, and the headers that say under which rules it was given."""

    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
