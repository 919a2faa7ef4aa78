"""Live video: stream processors."""

from __future__ import annotations

from regard.operations.streams import processors, starting

OPERATIONS = (*processors.OPERATIONS, *starting.OPERATIONS)
