"""`regard keys`: who may call."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.opening import opened_database
from regard.cli.options import DataFolder
from regard.cli.printing import print_table, say
from regard.errors import RegardError
from regard.governance import policy as policies
from regard.governance import purpose as purposes
from regard.governance.audit import AuditLog
from regard.governance.keys import KeyStore, write_credentials
from regard.governance.permissions import ROLES
from regard.presentation.tables import Table, broken, whole
from regard.settings import Settings

app = typer.Typer(help="Make, list, suspend and resume access keys.", no_args_is_help=True)

_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)  # what IAM allows a user


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who uses the key.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "operator",
    purpose: Annotated[
        str, typer.Option(help="The key's requests follow at least this purpose.")
    ] = "general",
    policy: Annotated[Path | None, typer.Option(help="IAM-style policy document, JSON.")] = None,
    credentials: Annotated[Path | None, typer.Option(help="Write an AWS credentials file.")] = None,
    data: DataFolder = None,
) -> None:
    """Make a key. Its secret is shown once."""
    if not _NAME.fullmatch(name):
        raise RegardError(
            f"A key's name has 1 to 64 letters, digits and + = , . @ _ - in it; {name!r} does not."
        )
    if role not in ROLES:
        raise RegardError(f"There is no role {role}; the roles are {', '.join(ROLES)}.")
    purposes.parse(purpose)
    document = None if policy is None else policies.check_document(_read_json(policy))
    if credentials:
        _check_new_file(credentials)
    with _opened(data) as (store, audit):
        key = store.create(name, role, purpose=purpose, policy=document)
        audit.append_command(
            "keys create", key.key_id, name=name, role=role, purpose=purpose, policy=document
        )
    if credentials:
        write_credentials(credentials, key, Settings.load().region)
        say(f"Key {key.key_id} for {name} ({role}) is in {credentials}.")
        return
    say(f"aws_access_key_id = {key.key_id}")
    say(f"aws_secret_access_key = {key.secret}")


@app.command("list")
def list_(data: DataFolder = None) -> None:
    """List the keys, without their secrets."""
    rows, suspended = [], set()
    with _opened(data, existing=True) as (store, _):
        for place, key in enumerate(store.all()):
            cells = (
                key.key_id,
                key.name,
                key.role,
                key.purpose,
                "own" if key.policy else "role's",
                f"{datetime.fromtimestamp(key.created / 1000, UTC):%Y-%m-%d}",
                "active" if key.suspended is None else "suspended",
            )
            rows.append(cells)
            if key.suspended is not None:
                suspended.add(place)
    headers = [*whole("Key"), *broken("Name", "Role", "Purpose", "Policy"), *whole("Created", "State")]
    print_table(Table(headers, rows, frozenset(suspended)))
    if not rows:
        say("There is no key yet; `regard serve` makes one.")


@app.command("suspend")
def suspend(key_id: Annotated[str, typer.Argument(metavar="KEY")], data: DataFolder = None) -> None:
    """Stop a key at once, in every running server on this data folder."""
    _set_suspended(key_id, True, data)


@app.command("resume")
def resume(key_id: Annotated[str, typer.Argument(metavar="KEY")], data: DataFolder = None) -> None:
    """Let a suspended key be used again."""
    _set_suspended(key_id, False, data)


def _set_suspended(key_id: str, suspended: bool, data: Path | None) -> None:
    with _opened(data, existing=True) as (store, audit):
        store.suspend(key_id, suspended=suspended)
        audit.append_command("keys suspend" if suspended else "keys resume", key_id)
    say(f"Key {key_id} is {'suspended' if suspended else 'active again'}.")


@contextmanager
def _opened(data: Path | None, *, existing: bool = False) -> Iterator[tuple[KeyStore, AuditLog]]:
    with opened_database(data, existing=existing) as database:
        yield KeyStore(database), AuditLog(database)


def _check_new_file(file: Path) -> None:
    """Raises RegardError unless the file can be made: once the key is stored, its secret needs a place."""
    if os.path.lexists(file):
        raise RegardError(f"{file} is there already; name a file that is not.")
    if not (file.parent.is_dir() and os.access(file.parent, os.W_OK | os.X_OK)):
        raise RegardError(f"{file} can't be written; name a file in a folder that you can write to.")


def _read_json(file: Path) -> object:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise RegardError(f"{file} is not a readable JSON file.") from error
