"""`regard streams`: the process that runs stream processors, and what is known of them."""

from __future__ import annotations

from typing import Annotated

import typer

from regard.cli.options import DataFolder, joined_buckets
from regard.cli.stream_commands import list_events, list_streams, put_notice, show_stream
from regard.cli.stream_try import try_stream
from regard.cli.stream_worker import ATTACHED, NAME, run_stream_worker

app = typer.Typer(invoke_without_command=True)


@app.callback()
def streams(
    context: typer.Context,
    data: DataFolder = None,
    bucket: Annotated[
        list[str] | None, typer.Option(help="NAME=FOLDER: the folder that the server serves as bucket NAME.")
    ] = None,
    attached: Annotated[
        bool, typer.Option(ATTACHED, hidden=True, help="Stop when standard input ends.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(NAME, hidden=True, help="The name under which processors are held.")
    ] = None,
) -> None:
    """Run stream processors. `regard serve` starts one such process; more, on any machine, share them."""
    if context.invoked_subcommand is None:
        run_stream_worker(data, joined_buckets(bucket), attached=attached, name=name)


app.command("try")(try_stream)
app.command("list")(list_streams)
app.command("show")(show_stream)
app.command("events")(list_events)
app.command("notice")(put_notice)
