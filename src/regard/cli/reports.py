"""`regard report`: what the law and the public ask for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_table, say
from regard.governance.reports.contents import REPORTS
from regard.presentation.files import writing
from regard.presentation.pages import render
from regard.presentation.tables import Breaks, Header, Table

_NUMBERS: Final = frozenset(
    ("Collections", "Exceptions", "Faces", "Gallery", "Number", "Record", "Share", "Similarity")
)
_IDS: Final = frozenset(("Case", "Collection", "Digest", "Person", "Probe", "Profiles", "Review"))


def report(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(REPORTS)}.")],
    year: Annotated[int | None, typer.Option(help="The year, of UTC; the present one unless given.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as a page that stands alone.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Print or write a report, counted from the audit log. It is no legal advice."""
    with local_gate(data, existing=True, has_models=False, key=key, person=person) as gate:
        answer = gate.call("get_report", Name=name, Year=year or datetime.now(UTC).year)
    made = json.loads(answer["Report"])
    if html is not None:
        with writing(html) as page:
            page.write(render("report.html", title=made["title"], report=made, tables=_tables(made)))
        say(f"{made['title']} is in {html}.")
    elif as_json:
        typer.echo(json.dumps(made, indent=2, ensure_ascii=False))
    else:
        _print(made)


def _print(made: dict[str, Any]) -> None:
    say(f"{made['title']}, {made['start'][:10]} to before {made['end'][:10]}")
    for section, table in zip(made["sections"], _tables(made), strict=True):
        say("")
        say(section["title"])
        print_table(table)
        if section["note"] or not table.rows:
            say(section["note"] or "None.")
    say("")
    for note in made["notes"]:
        say(note)
    say(f"Counted from the log up to record {made['head']['sequence']}, {made['head']['hash']}.")


def _tables(made: dict[str, Any]) -> list[Table]:
    return [
        Table([_header(name) for name in section["headers"]], [tuple(row) for row in section["rows"]])
        for section in made["sections"]
    ]


def _header(name: str) -> Header:
    if name in _NUMBERS:
        return Header(name, right=True)
    return Header(name, Breaks.ANYWHERE if name in _IDS else Breaks.WORDS)
