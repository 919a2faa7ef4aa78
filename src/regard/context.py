"""Who calls, and the one request that is being served."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regard.app import Services


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller.

    `key_id` is the access key id, or `local` for the owner of the data folder (CLI, in-process client).
    `policy` is an IAM-style document or None for what the role allows.
    """

    key_id: str
    name: str
    role: str
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation may know about the request beside its parameters.

    `case` is the case reference that the caller gave with the header `x-regard-case`, or None.
    `purpose` is that of the collection the request touches; `general` where it touches none.
    """

    services: Services
    caller: Caller
    operation: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    case: str | None = None
    purpose: str = "general"
