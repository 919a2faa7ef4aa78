"""The command line. What looks at a picture or a face goes through the gate, as a request does."""

from __future__ import annotations

import sys
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated

import typer

from regard.cli import (
    analyze,
    audit,
    backup,
    celebrities,
    collections,
    gallery,
    importing,
    jobs,
    keys,
    labels,
    models,
    moderation,
    pictures,
    protective,
    server,
    users,
    worker,
)
from regard.cli import text as reading
from regard.cli.printing import complain
from regard.errors import RegardError

app = typer.Typer(
    name="regard",
    help="A self-hosted vision service that speaks Amazon Rekognition.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(server.serve)
app.command("analyze")(analyze.analyze)
app.command("worker")(worker.worker)
app.command("faces")(pictures.faces)
app.command("labels")(labels.labels)
app.command("compare")(pictures.compare)
app.command("text")(reading.text)
app.command("moderate")(moderation.moderate)
app.command("ppe")(protective.ppe)
app.command("index")(gallery.index)
app.command("search")(gallery.search)
app.command("import")(importing.import_)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(collections.app, name="collections")
app.add_typer(users.app, name="users")
app.add_typer(celebrities.app, name="celebrities")
app.add_typer(keys.app, name="keys")
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.add_typer(audit.app, name="audit")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"regard {version('regard')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A self-hosted vision service that speaks Amazon Rekognition."""


def main() -> None:
    """Runs a command; what a person can mend is one sentence and exit code 1, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal can't show is no error
    try:
        app()
    except RegardError as error:
        complain(str(error))
        sys.exit(1)
