"""Live video: stream processors."""

from __future__ import annotations

from regard.operations.streams import alerts, processors, shown, starting, viewing

OPERATIONS = (
    *processors.OPERATIONS,
    *shown.OPERATIONS,
    *alerts.OPERATIONS,
    *viewing.OPERATIONS,
    *starting.OPERATIONS,
)
