"""Options of commands that read another service."""

from __future__ import annotations

from typing import Annotated

import typer

Endpoint = Annotated[
    str | None, typer.Option("--endpoint-url", help="URL of the source; AWS's own unless given.")
]
Region = Annotated[str | None, typer.Option(help="AWS region of the source.")]
Profile = Annotated[str | None, typer.Option(help="Profile of ~/.aws with the source's credentials.")]
