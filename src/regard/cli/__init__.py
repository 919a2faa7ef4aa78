"""The command line. What looks at a picture or a face goes through the gate, as a request does."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from regard.cli import audit, collections, gallery, keys, models, pictures, server
from regard.errors import RegardError

app = typer.Typer(
    name="regard",
    help="A self-hosted vision service that speaks Amazon Rekognition.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(server.serve)
app.command("faces")(pictures.faces)
app.command("compare")(pictures.compare)
app.command("index")(gallery.index)
app.command("search")(gallery.search)
app.add_typer(collections.app, name="collections")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Runs a command; what a person can mend is one sentence and exit code 1, never a traceback."""
    try:
        app()
    except RegardError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print("[red]regard:[/red]", escape(str(error)))
        sys.exit(1)
