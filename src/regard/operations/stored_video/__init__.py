"""Operations on stored videos and on the jobs that analyse them."""

from __future__ import annotations

from regard.operations.stored_video import (
    counts,
    jobs,
    results,
    starts,
    watching,
)

OPERATIONS = (
    *counts.OPERATIONS,
    *jobs.OPERATIONS,
    *results.OPERATIONS,
    *starts.OPERATIONS,
    *watching.OPERATIONS,
)
