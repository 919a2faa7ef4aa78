"""What the commands print: names as they are, never as markup, an emoji or an order to the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from regard.presentation.wording import printable


def say(sentence: str, *, on_stderr: bool = False) -> None:
    Console(stderr=on_stderr).print(Text(printable(sentence)), soft_wrap=True)


def say_point(sentence: str) -> None:
    """One of several sentences; on a terminal it is broken between words."""
    console = Console()
    console.print(Text(printable(f"· {sentence}")), soft_wrap=not console.is_terminal)


def complain(sentence: str) -> None:
    """The one sentence of an error."""
    lines = "\n".join(printable(line) for line in sentence.splitlines())
    Console(stderr=True).print(Text.assemble(("regard: ", "red"), lines), soft_wrap=True)


def table(*columns: Column | str) -> Table:
    """An empty table, narrow enough that a face's facts fit into 80 columns."""
    return Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))


def add_row(rows: Table, cells: Sequence[str], *, style: str | None = None) -> None:
    rows.add_row(*(Text(printable(cell)) for cell in cells), style=style)


def print_table(rows: Table) -> None:
    if rows.row_count:
        Console().print(rows)


def print_json(answer: Any) -> None:
    typer.echo(json.dumps(answer, indent=2, default=str))
