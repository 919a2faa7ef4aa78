"""What is kept of a check of liveness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

MINUTES: Final = 3
"""How long a session may be begun, and its result be read, from its creation on."""

KEPT_AFTER: Final = 60_000
"""Milliseconds for which a result is kept at least, from the end of the stream on."""


class LivenessStatus(StrEnum):
    """As the API has them."""

    CREATED = "CREATED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class LivenessImage:
    """A JPEG, and where its face is: left, top, width, height as ratios of its sides.

    `content` is empty where there is no image, and where `is_written` says that a bucket has it.
    """

    content: bytes = field(repr=False)
    box: tuple[float, float, float, float] | None = None
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class LivenessSession:
    """A session as it is at a moment. Times are milliseconds since the epoch.

    `settings` are those of CreateFaceLivenessSession, `result` what the stream came to, JSON both; the latter
    is None until the stream has ended, and again when it is past its time.
    """

    session_id: str
    key_id: str
    created: int
    expires: int
    status: LivenessStatus
    settings: Mapping[str, Any]
    result: Mapping[str, Any] | None
