"""What the commands print: names as they are, never as markup, an emoji or an order to the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from regard.presentation.tables import Breaks, Table
from regard.presentation.wording import printable


def say(sentence: str, *, on_stderr: bool = False) -> None:
    Console(stderr=on_stderr).print(Text(printable(sentence)), soft_wrap=True)


def say_point(sentence: str) -> None:
    """One of several sentences; on a terminal it is broken between words."""
    console = Console()
    console.print(Text(printable(f"· {sentence}")), soft_wrap=not console.is_terminal)


def say_review(headers: Mapping[str, str]) -> None:
    """How the review of a search stands, where an answer names one; placeholders are no matches."""
    named = headers.get("x-regard-review")
    if named is None:
        return
    review, *facts = named.split(";")
    said = dict(fact.split("=", 1) for fact in facts)
    if said["status"] == "PENDING_REVIEW":
        wait = (
            "1 candidate of {} waits"
            if said["candidates"] == "1"
            else said["candidates"] + " candidates of {} wait"
        )
        say(f"{wait.format(review)} for people to judge; `regard review show {review}` says how it stands.")
    else:
        say(f"The review {review} is {said['status']}.")


def complain(sentence: str) -> None:
    """The one sentence of an error."""
    lines = "\n".join(printable(line) for line in sentence.splitlines())
    Console(stderr=True).print(Text.assemble(("regard: ", "red"), lines), soft_wrap=True)


def print_table(table: Table) -> None:
    """Narrow enough that a face's facts fit into 80 columns; nothing where there is no row."""
    if not table.rows:
        return
    shown = RichTable(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for header in table.headers:
        shown.add_column(
            header.name,
            justify="right" if header.right else "left",
            no_wrap=header.breaks is Breaks.NEVER,
            overflow="fold" if header.breaks is Breaks.ANYWHERE else "ellipsis",
        )
    for place, row in enumerate(table.rows):
        style = "red" if place in table.flagged else None
        shown.add_row(*(Text(printable(cell)) for cell in row), style=style)
    Console().print(shown)


def print_json(answer: Any) -> None:
    """Times are in ISO 8601."""
    typer.echo(json.dumps(answer, indent=2, default=_written))


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
