"""Operations on pictures."""

from __future__ import annotations

from regard.operations.pictures import (
    celebrities,
    compare,
    faces,
    labels,
    moderation,
    protective,
    text,
)

OPERATIONS = (
    *celebrities.OPERATIONS,
    *compare.OPERATIONS,
    *faces.OPERATIONS,
    *labels.OPERATIONS,
    *moderation.OPERATIONS,
    *protective.OPERATIONS,
    *text.OPERATIONS,
)
