"""Every operation that there is: each area lists its own, and they are joined here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regard.operations import (
    celebrities,
    collections,
    compare,
    counts,
    faces,
    jobs,
    labels,
    media_analysis,
    moderation,
    protective,
    search,
    stored_results,
    stored_video,
    tags,
    text,
    user_search,
    users,
)
from regard.operations.administration import (
    audit_log,
    backups,
    celebrity_gallery,
    imports,
    keys,
    model_audits,
)
from regard.operations.operation import Operation, table

OPERATIONS: Final[Mapping[str, Operation]] = table(
    celebrities.OPERATIONS,
    collections.OPERATIONS,
    compare.OPERATIONS,
    counts.OPERATIONS,
    faces.OPERATIONS,
    jobs.OPERATIONS,
    labels.OPERATIONS,
    media_analysis.OPERATIONS,
    moderation.OPERATIONS,
    protective.OPERATIONS,
    search.OPERATIONS,
    stored_results.OPERATIONS,
    stored_video.OPERATIONS,
    tags.OPERATIONS,
    text.OPERATIONS,
    user_search.OPERATIONS,
    users.OPERATIONS,
    audit_log.OPERATIONS,
    backups.OPERATIONS,
    celebrity_gallery.OPERATIONS,
    imports.OPERATIONS,
    keys.OPERATIONS,
    model_audits.OPERATIONS,
)
"""By their keys, `detect_labels`; Rekognition's that are not built yet are not among them."""

__all__ = ["OPERATIONS", "Operation"]
