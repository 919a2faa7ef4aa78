"""docs/measured.md: the tables that the steps of `make accuracy` have printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "measured.md"


@dataclass(frozen=True)
class Table:
    """What a step's `command` has `printed`. `is_earlier`: by a build, or on data, that has changed since."""

    title: str
    command: str
    printed: str
    is_earlier: bool


def page(tables: Iterable[Table]) -> str:
    """The tables below their titles and commands."""
    lines = [
        "# Measured tables",
        "",
        "As the commands print them, written by `make accuracy`. [accuracy.md](accuracy.md) says what they "
        "mean, and has those of the heads and labels.",
    ]
    for table in tables:
        lines += ["", f"## {table.title}", "", f"`{table.command}`", ""]
        if table.is_earlier:
            lines += ["By an earlier build than this one.", ""]
        lines += tables_in(table.printed)
    return "\n".join(lines) + "\n"


def tables_in(text: str) -> list[str]:
    """The lines of the tables, and the last line before each that isn't part of one."""
    kept: list[str] = []
    said, inside = "", False
    for line in text.splitlines():
        if line.startswith("|"):
            if not inside:
                kept += ["", said, ""] if said else [""]
            kept.append(line)
            inside = True
        elif line.strip():
            said, inside = line.strip(), False
        else:
            said, inside = "" if inside else said, False
    return kept[1:]
