"""Live video: stream processors."""

from __future__ import annotations

from regard.operations.streams import processors, shown, starting, viewing

OPERATIONS = (*processors.OPERATIONS, *shown.OPERATIONS, *viewing.OPERATIONS, *starting.OPERATIONS)
