"""Who calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller, as the key store knew them when the request came.

    `key_id` is the access key id, or `local` for the owner of the data folder (CLI, in-process client).
    `policy` is an IAM-style document, or None for just what the role allows. `purpose` is what the key was
    issued for: its requests follow at least that purpose's rules, whatever collection they touch. Who keeps
    a caller for later, as a job does, looks the key up again before each pass through the gate.
    """

    key_id: str
    name: str
    role: str
    policy: Mapping[str, Any] | None = None
    purpose: str = "general"
    suspended: bool = False


LOCAL = Caller(key_id="local", name="local", role="admin")
"""Whoever owns the data folder, at the command line or in-process."""
