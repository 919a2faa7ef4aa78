"""Collections of Amazon Rekognition, carried over: their faces enrolled from their pictures, and compared."""

from __future__ import annotations

from regard.operations.migration import carrying, checking, surveying

OPERATIONS = (*carrying.OPERATIONS, *checking.OPERATIONS, *surveying.OPERATIONS)
