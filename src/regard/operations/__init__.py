"""Every operation that there is: each area lists its own, and they are joined here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regard.operations import (
    administration,
    bulk,
    collections,
    custom_labels,
    liveness,
    migration,
    pictures,
    privacy,
    responsibility,
    stored_video,
    streams,
)
from regard.operations.operation import Operation, table

OPERATIONS: Final[Mapping[str, Operation]] = table(
    administration.OPERATIONS,
    bulk.OPERATIONS,
    collections.OPERATIONS,
    custom_labels.OPERATIONS,
    liveness.OPERATIONS,
    migration.OPERATIONS,
    pictures.OPERATIONS,
    privacy.OPERATIONS,
    responsibility.OPERATIONS,
    stored_video.OPERATIONS,
    streams.OPERATIONS,
)
"""By their keys, `detect_labels`; Rekognition's that are not built yet are not among them."""

__all__ = ["OPERATIONS", "Operation"]
