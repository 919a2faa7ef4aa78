"""`regard backup` and `regard restore`: everything in the database, in one file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from regard.cli.opening import check_database
from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.cli.progress import bar
from regard.governance.audit import AuditLog
from regard.presentation.wording import count
from regard.settings import Settings
from regard.storage.backup import Contents, back_up, check
from regard.storage.backup import restore as restore_file
from regard.storage.database import Database, database_exists
from regard.storage.folder import in_use
from regard.storage.transfer import Progress

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def backup(
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    data: DataFolder = None,
) -> None:
    """Write everything in the database to one file, also while a server is serving."""
    settings = Settings.load(data=data)
    check_database(settings)
    with in_use(settings.data):
        database = Database.open(settings.data, settings.database)
        try:
            with _bars() as report:
                made = back_up(database, file, replace=force, progress=report)
            AuditLog(database).append_command("backup", file.name, **_facts(made))
        finally:
            database.close()
    say(f"{_sentence(made)} are in {file}, {made.size / 1e6:,.1f} MB.")


def restore(
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Replace a database that is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataFolder = None,
) -> None:
    """Make the data folder's database what it was at a backup. No server may be running on it."""
    settings = Settings.load(data=data)
    check(file)
    place = "the PostgreSQL database" if settings.database else str(settings.data)
    if force and not yes and database_exists(settings.data, settings.database):
        typer.confirm(f"Replace everything in {place} by what is in {file}?", abort=True)

    def record(database: Database) -> None:
        AuditLog(database).append_command("restore", file.name)

    with _bars() as report:
        made = restore_file(
            file, settings.data, settings.database, replace=force, finish=record, progress=report
        )
    say(f"{_sentence(made)} are restored into {place}. The keys are those of the backup.")


def _facts(contents: Contents) -> dict[str, int]:
    return {name: contents.rows[name] for name in ("collections", "faces", "users", "keys")} | {
        "bytes": contents.size
    }


def _sentence(contents: Contents) -> str:
    parts = [count(contents.rows[name], name[:-1]) for name in ("collections", "faces", "users", "keys")]
    return f"{', '.join(parts)} and {count(contents.rows['audit'], 'audit record')}"


@contextmanager
def _bars() -> Iterator[Progress]:
    """A bar for each step, on standard error."""
    with bar(hidden=False) as progress:
        tasks: dict[str, tuple[TaskID, float]] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step, total=total, rate=""), time.monotonic()
            task, started = tasks[step]
            rate = done / max(time.monotonic() - started, 1e-9)
            progress.update(task, completed=done, total=total, rate=f"{rate:,.0f}/s")

        yield report
