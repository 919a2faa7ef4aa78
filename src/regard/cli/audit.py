"""`regard audit`: the log, checked and exported, and the face model, held to account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from regard.cli.bias import bias
from regard.cli.local import DataFolder, check_database
from regard.cli.printing import say
from regard.cli.watchlist import watchlist
from regard.presentation.wording import count
from regard.settings import Settings

if TYPE_CHECKING:
    from regard.governance.audit import AuditLog

app = typer.Typer(help="Check and export the audit log; audit the face model.", no_args_is_help=True)
app.command("bias")(bias)
app.command("watchlist")(watchlist)


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
    from regard.governance.audit import AuditLog
    from regard.storage.database import Database

    settings = Settings.load(data=data)
    check_database(settings)
    database = Database.open(settings.data, settings.database)
    try:
        yield AuditLog(database)
    finally:
        database.close()
