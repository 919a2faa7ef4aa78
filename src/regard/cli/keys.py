"""`regard keys`: who may call."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.local import local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import print_table, say
from regard.errors import RegardError
from regard.governance.credentials import write_credentials
from regard.governance.permissions import ROLES
from regard.presentation.tables import Table, broken, whole

app = typer.Typer(help="Make, list, suspend and resume access keys.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who uses the key.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "operator",
    purpose: Annotated[
        str, typer.Option(help="The key's requests follow at least this purpose.")
    ] = "general",
    policy: Annotated[Path | None, typer.Option(help="IAM-style policy document, JSON.")] = None,
    person: Annotated[str | None, typer.Option(help="Whose key it is: somebody of `regard people`.")] = None,
    credentials: Annotated[Path | None, typer.Option(help="Write an AWS credentials file.")] = None,
    data: DataFolder = None,
) -> None:
    """Make a key. Its secret is shown once."""
    more = {} if policy is None else {"PolicyDocument": _read(policy)}
    if person is not None:
        more["Person"] = person
    if credentials:
        check_new_file(credentials)
    with local_gate(data, has_models=False) as gate:
        key = gate.call("create_key", Name=name, Role=role, Purpose=purpose, **more)
        region = gate.parts.settings.region
    if credentials:
        write_credentials(credentials, key["KeyId"], key["SecretAccessKey"], region)
        say(f"Key {key['KeyId']} for {name} ({role}) is in {credentials}.")
        return
    say(f"aws_access_key_id = {key['KeyId']}")
    say(f"aws_secret_access_key = {key['SecretAccessKey']}")


@app.command("list")
def list_(data: DataFolder = None) -> None:
    """List the keys, without their secrets."""
    with local_gate(data, existing=True, has_models=False) as gate:
        keys = gate.all("list_keys", "Keys")
    rows = [_row(key) for key in keys]
    suspended = frozenset(place for place, key in enumerate(keys) if "Suspended" in key)
    headers = [*whole("Key"), *broken("Name", "Role", "Purpose", "Policy"), *whole("Created", "State")]
    print_table(Table(headers, rows, suspended))
    if not rows:
        say("There is no key yet; `regard serve` makes one.")


@app.command("suspend")
def suspend(key_id: Annotated[str, typer.Argument(metavar="KEY")], data: DataFolder = None) -> None:
    """Stop a key at once, in every running server on this data folder."""
    with local_gate(data, existing=True, has_models=False) as gate:
        gate.call("suspend_key", KeyId=key_id)
    say(f"Key {key_id} is suspended.")


@app.command("resume")
def resume(key_id: Annotated[str, typer.Argument(metavar="KEY")], data: DataFolder = None) -> None:
    """Let a suspended key be used again."""
    with local_gate(data, existing=True, has_models=False) as gate:
        gate.call("resume_key", KeyId=key_id)
    say(f"Key {key_id} is active again.")


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    return (
        key["KeyId"],
        key["Name"],
        key["Role"],
        key["Purpose"],
        "own" if "PolicyDocument" in key else "role's",
        f"{key['Created']:%Y-%m-%d}",
        "suspended" if "Suspended" in key else "active",
    )


def check_new_file(file: Path) -> None:
    """Raises RegardError unless the file can be made: once the key is stored, its secret needs a place."""
    if os.path.lexists(file):
        raise RegardError(f"{file} is there already; name a file that is not.")
    if not (file.parent.is_dir() and os.access(file.parent, os.W_OK | os.X_OK)):
        raise RegardError(f"{file} can't be written; name a file in a folder that you can write to.")


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, ValueError) as error:
        raise RegardError(f"{file} is not a readable JSON file.") from error
