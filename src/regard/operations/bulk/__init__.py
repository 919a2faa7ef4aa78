"""The analysis of many pictures by a job."""

from __future__ import annotations

from regard.operations.bulk import (
    media_analysis,
)

OPERATIONS = (*media_analysis.OPERATIONS,)
