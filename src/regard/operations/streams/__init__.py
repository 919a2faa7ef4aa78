"""Live video: stream processors."""

from __future__ import annotations

from regard.operations.streams import processors, shown, starting

OPERATIONS = (*processors.OPERATIONS, *shown.OPERATIONS, *starting.OPERATIONS)
