"""`regard backup` and `regard restore`: everything in the database, in one file."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.local import local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.cli.progress import step_bars
from regard.collections.erasing_again import erase_again
from regard.collections.face_models import FaceModels
from regard.errors import RegardError
from regard.governance.audit import AuditLog
from regard.governance.authorizations.restoring import settle_restored
from regard.presentation.wording import count
from regard.settings import Settings
from regard.storage.backup import Contents, check
from regard.storage.backup import restore as restore_file
from regard.storage.clock import milliseconds
from regard.storage.database import Database, database_exists
from regard.storage.erasure_journal import FILE as JOURNAL
from regard.storage.erasure_journal import read_erasures
from regard.storage.key_claims import KeyClaims

_NOUNS = {
    "collections": "collection",
    "faces": "face",
    "users": "user",
    "celebrities": "celebrity record",
    "consents": "consent",
}

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def backup(
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    data: DataFolder = None,
) -> None:
    """Write everything in the database to one file, also while a server is serving."""
    with local_gate(data, existing=True, has_models=False) as gate, step_bars(hidden=False) as report:
        made = gate.long("back_up", report, File=file, Replace=force)["Contents"]
    say(f"{_sentence(made)} are in {file}, {made.size / 1e6:,.1f} MB.")


def restore(
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Replace a database that is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    erasures: Annotated[
        list[Path] | None,
        typer.Option(help="The erasures.jsonl of another server of the database, several times for several."),
    ] = None,
    data: DataFolder = None,
) -> None:
    """Make the data folder's database what it was at a backup, but for what was erased since. No server may
    be running on it.
    """
    settings = Settings.load(data=data)
    check(file)
    journals = [settings.data / JOURNAL, *(erasures or ())]
    for journal in erasures or ():
        if not journal.is_file():
            raise RegardError(f"There is no file {journal} for --erasures.")
    place = "the PostgreSQL database" if settings.database else str(settings.data)
    if force and not yes and database_exists(settings.data, settings.database):
        typer.confirm(f"Replace everything in {place} by what is in {file}?", abort=True)

    erased: Counter[str] = Counter()
    ended: list[str] = []

    def finish(database: Database) -> None:
        KeyClaims(database).forget()
        log, replaced = AuditLog(database), _replaced(settings)
        try:
            ended.extend(settle_restored(database, replaced, milliseconds()))
        finally:
            if replaced is not None:
                replaced.close()
        until = log.newest_time()
        noted = chain.from_iterable(read_erasures(journal) for journal in journals)
        erased.update(erase_again(database, FaceModels(), noted))
        facts = {"authorizations_ended": ended, "erased_again": dict(+erased)}
        log.append_command("restore", file.name, backup_until=until, **facts)

    with step_bars(hidden=False) as report:
        made = restore_file(
            file, settings.data, settings.database, replace=force, finish=finish, progress=report
        )
    say(f"{_sentence(made)} are restored into {place}. The keys are those of the backup.")
    if ended:
        say(f"Ended, since nothing tells whether they still hold: {', '.join(ended)}.")
    if erased.total():
        again = ", ".join(count(number, _NOUNS[kind]) for kind, number in sorted((+erased).items()))
        say(f"Erased again, as they were since: {again}.")


def _replaced(settings: Settings) -> Database | None:
    """The database that is there, which knows what has ended since; None where it can't be read."""
    if not database_exists(settings.data, settings.database):
        return None
    try:
        return Database.open(settings.data, settings.database, connections=1)
    except RegardError:
        return None


def _sentence(contents: Contents) -> str:
    parts = [count(contents.rows[name], name[:-1]) for name in ("collections", "faces", "users", "keys")]
    return f"{', '.join(parts)} and {count(contents.rows['audit'], 'audit record')}"
