"""`regard audit`: the log, checked and exported, and the face model, held to account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from regard.cli.lazy import Entry, LazyGroup
from regard.cli.opening import opened_database
from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.governance.audit import AuditLog
from regard.presentation.wording import count


class Audits(LazyGroup):
    """The commands that need the models."""

    entries = (
        Entry("bias", "regard.cli.bias:bias", "Measure how often people of each group are mistaken."),
        Entry("watchlist", "regard.cli.watchlist:watchlist", "Repeat the ACLU's test on a watch list."),
    )


app = typer.Typer(
    cls=Audits, help="Check and export the audit log; audit the face model.", no_args_is_help=True
)


@app.command("verify")
def verify(data: DataFolder = None) -> None:
    """Recompute the chain; fails with the first record that was changed or removed."""
    with _opened(data) as audit:
        head = audit.verify()
    say(f"{count(head.sequence, 'record')}, unbroken. Head: {head.hash}")


@app.command("export")
def export(data: DataFolder = None) -> None:
    """Print every record as a JSON line."""
    with _opened(data) as audit:
        for record in audit.export():
            typer.echo(json.dumps(record, ensure_ascii=False))


@contextmanager
def _opened(data: Path | None) -> Iterator[AuditLog]:
    with opened_database(data, existing=True) as database:
        yield AuditLog(database)
