"""What is owed to the people whose faces are kept. Operations of Regard's own."""

from __future__ import annotations

from regard.operations.privacy import consents, erasures, feedback, retention

OPERATIONS = (
    *consents.OPERATIONS,
    *erasures.OPERATIONS,
    *feedback.OPERATIONS,
    *retention.OPERATIONS,
)
