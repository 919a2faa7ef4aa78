"""The comparisons of a server, a line each: numbers, and no pictures."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

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
        line = json.dumps(entry, separators=(",", ":"))
        with self._lock, self._file.open("a", encoding="ascii") as out:
            out.write(line + "\n")

    def entries(self) -> Iterator[dict[str, Any]]:
        """All that were written; a line that a kill cut off is passed over."""
        if not self._file.exists():
            return
        with self._file.open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry

    def spent(self) -> Decimal:
        """What the comparisons have cost."""
        return sum((Decimal(entry.get("cost", "0")) for entry in self.entries()), Decimal(0))
