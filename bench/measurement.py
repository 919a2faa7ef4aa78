"""What the measurements have in common: their options, tables for people, JSON lines for machines."""

from __future__ import annotations

import argparse
import ast
import json
import platform
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
_WIDTH = 80  # of a table that goes to a file
_GAP = 2  # between its columns

Row = dict[str, object]
Tables = Iterator[tuple[str, Iterable[Row]]]
"""Titles and rows; rows may be measured while they are taken."""


@dataclass(frozen=True)
class Measurement:
    """A module of this package: `run(chosen)` gives its tables, `add_options(parser)` adds options of its own
    where it has some.

    `needs` are options that it can't be run without. `by_name`: it is run only when it is named.
    """

    module: str
    needs: tuple[str, ...] = ()
    by_name: bool = False

    @property
    def says(self) -> str:
        """The first line of the module's docstring, read without importing what it measures."""
        tree = ast.parse(Path(__file__).with_name(f"{self.module}.py").read_text("utf-8"))
        return (ast.get_docstring(tree) or "").splitlines()[0]

    def load(self) -> Any:
        return import_module(f"bench.{self.module}")


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Options that several measurements share, each with the same meaning for all."""
    parser.add_argument("--full", action="store_true", help="more photos and repetitions")
    parser.add_argument("--photos", type=Path, help="folder of photos, with boxes in labels.json if known")
    parser.add_argument("--videos", type=Path, nargs="+", help="videos, in place of one that is made")
    parser.add_argument("--data", type=Path, help="folder of the annotated data")
    parser.add_argument("--cache", type=Path, help="folder for what is made once and kept")
    parser.add_argument("--sets", nargs="+", default=[""], help="parts of the names of the sets to measure")
    parser.add_argument("--peer", action="store_true", help="the peer as well, which must be installed")


def run(name: str, tables: Tables, *, markdown: bool) -> None:
    """Prints each table, and keeps each row as a JSON line as soon as it is there."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    facts = {"bench": name, "machine": platform.machine(), "python": platform.python_version()}
    progress = Console(stderr=True, highlight=False)
    for title, rows in tables:
        taken = []
        for row in rows:
            taken.append(row)
            with file.open("a") as out:
                out.write(json.dumps(facts | row, default=float) + "\n")
            progress.print(f"{name}: {title}: {next(iter(row.values()))}")
        _print(title, taken, markdown=markdown)
    progress.print(f"JSON lines: {file}")


def _print(title: str, rows: list[Row], *, markdown: bool) -> None:
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_cell(row.get(name, "")) for name in names] for row in rows]
    if markdown:
        print(f"{title}\n")
        for line in (names, ["---"] * len(names), *cells):
            print(f"| {' | '.join(line)} |")
        print(flush=True)
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    turned = [[name, *facts] for name, *facts in zip(names, *cells, strict=True)]
    for heads, lines in ((names, cells), (turned[0], turned[1:])):
        widths = _widths(list(zip(heads, *lines, strict=True)), console.width)
        if widths:
            console.print(_table(title, heads, lines, widths))
            return
    console.print(f"{title}\n")
    for row in cells:  # too wide either way: a line a fact
        facts = Table.grid(padding=(0, _GAP))
        for name, cell in zip(names, row, strict=True):
            facts.add_row(name, cell)
        console.print(facts, "")


def _widths(columns: list[tuple[str, ...]], room: int) -> list[int]:
    """Of columns that stand beside each other in `room`, none narrower than its longest word; [] where they
    don't fit. What is left of the room goes to those that would need the most to be unbroken.
    """
    widths = [max(len(word) for text in column for word in (text.split() or "-")) for column in columns]
    whole = [max(1, *map(len, column)) for column in columns]
    left = room - sum(widths) - _GAP * len(widths)
    for _ in range(max(left, 0)):
        neediest = max(range(len(widths)), key=lambda place: whole[place] - widths[place])
        widths[neediest] = min(widths[neediest] + 1, whole[neediest])
    return widths if left >= 0 else []


def _table(title: str, heads: list[str], lines: list[list[str]], widths: list[int]) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0), show_edge=False
    )
    for head, width in zip(heads, widths, strict=True):
        table.add_column(head, width=width)
    for line in lines:
        table.add_row(*line)
    return table


def _cell(value: object) -> str:
    """Three significant digits at least: 0.0123, 1.23, 12.30, 1,234.50."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3g}"
