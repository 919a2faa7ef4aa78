"""`regard database`: where the schema stands, and bringing it up to date without a server."""

from __future__ import annotations

from typing import Annotated

import typer

from regard.cli.opening import check_database
from regard.cli.options import DataFolder
from regard.cli.printing import print_json, say
from regard.errors import RegardError
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema_state import SchemaState

app = typer.Typer(help="Say where the database's schema stands, and upgrade it.", no_args_is_help=True)


@app.command("status")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    data: DataFolder = None,
) -> None:
    """Say which migrations have run, and which wait; 1 where a newer version of Regard has been here."""
    state = _state(Settings.load(data=data))
    if as_json:
        print_json({"Current": state.current, "Newest": state.newest, "Pending": list(state.pending)})
    elif not state.is_newer:
        say(
            f"The schema is at {state.current}, the newest of this version."
            if not state.pending
            else f"The schema is at {state.current or 'nothing'}; {', '.join(state.pending)} wait."
        )
    if state.is_newer:
        raise RegardError(
            f"The schema is at {state.current}, which a newer version of Regard has made; this one knows "
            f"{state.newest}. Install that version, or a newer one."
        )


@app.command("upgrade")
def upgrade(data: DataFolder = None) -> None:
    """Run the migrations that wait, as the first server of this version would; others take turns."""
    settings = Settings.load(data=data)
    before = _state(settings)
    Database.open(settings.data, settings.database, connections=1).close()
    if before.pending:
        say(f"The schema went from {before.current or 'nothing'} to {before.newest}.")
    else:
        say(f"The schema is at {before.newest} already.")


def _state(settings: Settings) -> SchemaState:
    check_database(settings)
    database = Database.open(settings.data, settings.database, connections=1, migrate=False)
    try:
        return database.schema()
    finally:
        database.close()
