"""The command line. What sees a picture or a face goes through the gate, as a request does."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

import regard
from regard.cli.lazy import Entry, LazyGroup
from regard.errors import RegardError


class Commands(LazyGroup):
    """Every command, in the order of `regard --help`."""

    entries = (
        Entry("serve", "regard.cli.server:serve", "Serve the Rekognition API."),
        Entry("analyze", "regard.cli.analyze:analyze", "Tell everything of a photo: faces, labels, text, …"),
        Entry("video", "regard.cli.video.command:video", "Tell everything of a video: people, shots, …"),
        Entry("worker", "regard.cli.worker:worker", "Run jobs on stored videos and on many pictures."),
        Entry("streams", "regard.cli.streams:app", "Run stream processors on live video."),
        Entry("faces", "regard.cli.pictures:faces", "Find the faces of a photo."),
        Entry("labels", "regard.cli.labels:labels", "Say what a photo shows: objects and scenes."),
        Entry("compare", "regard.cli.pictures:compare", "Compare a face with every face of another photo."),
        Entry("text", "regard.cli.text:text", "Read the text of a photo."),
        Entry("moderate", "regard.cli.moderation:moderate", "Detect explicit content in a photo."),
        Entry("ppe", "regard.cli.protective:ppe", "Say who wears a face mask, a helmet or gloves."),
        Entry("index", "regard.cli.gallery:index", "Enrol every face of a folder."),
        Entry("search", "regard.cli.gallery:search", "Find the person of a photo in a collection."),
        Entry("import", "regard.cli.importing:import_", "Enrol embeddings from a file."),
        Entry("migrate", "regard.cli.migration:app", "Leave AWS: carry collections over, and compare."),
        Entry("doctor", "regard.cli.doctor:doctor", "Say what is wrong here, and what to do."),
        Entry("database", "regard.cli.database:app", "Say where the schema stands, and upgrade it."),
        Entry("backup", "regard.cli.backup:backup", "Write everything in the database to one file."),
        Entry("restore", "regard.cli.backup:restore", "Make the database what it was at a backup."),
        Entry("collections", "regard.cli.collections:app", "Make, list and delete collections."),
        Entry("users", "regard.cli.users:app", "Join the photos of each person, and find people by them."),
        Entry("celebrities", "regard.cli.celebrities:app", "Enrol and recognise celebrities."),
        Entry("custom", "regard.cli.custom:app", "Train labels of one's own: projects, data sets, versions."),
        Entry("tls", "regard.cli.tls:app", "Make a certificate for browsers on this machine."),
        Entry("keys", "regard.cli.keys:app", "Make, list, suspend and resume access keys."),
        Entry("people", "regard.cli.people:app", "Add people, give them roles, record their training."),
        Entry("cases", "regard.cli.cases:app", "Open, show and close cases."),
        Entry("review", "regard.cli.review:app", "Judge whom searches found, each by themselves."),
        Entry(
            "authorizations", "regard.cli.authorizations:app", "Ask for leave to search videos; decide on it."
        ),
        Entry("consents", "regard.cli.consents:app", "Record, list and withdraw consents to be enrolled."),
        Entry("erase", "regard.cli.erasures:erase", "Erase faces for good, with a receipt."),
        Entry("retention", "regard.cli.erasures:retention", "Print for how long what is kept."),
        Entry("feedback", "regard.cli.feedback:app", "List and answer what people ask and complain of."),
        Entry("rules", "regard.cli.cases:rules", "Print the rules that hold here."),
        Entry("report", "regard.cli.reports:report", "Report what the law and the public ask for."),
        Entry("jobs", "regard.cli.jobs:app", "List, show, cancel and count jobs."),
        Entry("usage", "regard.cli.usage:app", "Say what was used, by whom, and what it would have cost."),
        Entry("api-model", "regard.cli.api_model:api_model", "Give boto3 and the AWS CLI Regard's own API."),
        Entry("liveness", "regard.cli.liveness:app", "Measure what the evidence of Face Liveness is worth."),
        Entry("models", "regard.cli.models:app", "List, install, check and carry model packs."),
        Entry("receipt", "regard.cli.receipt:app", "Get and check proofs of single audit records."),
        Entry("audit", "regard.cli.audit:app", "Check and export the audit log; audit the face model."),
    )


app = typer.Typer(
    name="regard",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"regard {regard.__version__}")
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
        from regard.cli.printing import complain  # Rich takes longer to import than most commands to run

        complain(str(error))
        sys.exit(1)
    except PermissionError as error:
        if error.filename is None:
            raise
        from regard.cli.printing import complain

        complain(
            f"This user may not use {error.filename}. Run it as the server's user, or name another "
            "data folder with --data or REGARD_DATA."
        )
        sys.exit(1)
