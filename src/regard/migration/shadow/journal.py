"""The comparisons of a server, a line each: numbers, and no pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from regard.migration.lines import append_entries, read_entries

_FOLDER, _FILE = "migrations", "shadow.jsonl"


class ComparisonJournal:
    """A file that only grows. Threads may share it."""

    def __init__(self, data: Path) -> None:
        folder = data / _FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        self._file = folder / _FILE
        self._lock = threading.Lock()

    def write(self, entry: Mapping[str, Any]) -> None:
        """Adds an entry of JSON's types."""
        with self._lock:
            append_entries(self._file, [entry])

    def entries(self) -> Iterator[dict[str, Any]]:
        """All that were written; a line that a kill cut off is passed over."""
        return read_entries(self._file)

    def spent(self) -> Decimal:
        """What the comparisons have cost."""
        return sum((Decimal(entry.get("cost", "0")) for entry in self.entries()), Decimal(0))
