"""An audit record as a line that a person reads."""

from __future__ import annotations

import json


def record_in_words(text: str) -> str:
    """When, what, about what, by whom and what became of it, as far as the record of that text says so."""
    try:
        record = json.loads(text)
    except ValueError:
        return "a text that is no JSON"
    if not isinstance(record, dict):
        return "a text that is no record"
    parts = [str(record[name]) for name in ("time", "operation") if record.get(name)]
    for words, name in (("about", "subject"), ("in", "collection"), ("by", "name"), ("for the case", "case")):
        if record.get(name):
            parts.append(f"{words} {record[name]}")
    if record.get("outcome"):
        parts.append(f"({record['outcome']})")
    return " ".join(parts) or "a record of nothing that is known"
