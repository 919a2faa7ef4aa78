"""Who calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller.

    `key_id` is the access key id, or `local` for the owner of the data folder (CLI, in-process client).
    `policy` is an IAM-style document, or None for just what the role allows.
    """

    key_id: str
    name: str
    role: str
    policy: Mapping[str, Any] | None = None
