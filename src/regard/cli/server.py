"""`regard serve`."""

from __future__ import annotations

import gc
import socket
from typing import Annotated

import typer

from regard.cli.options import DataFolder, joined_buckets
from regard.errors import RegardError
from regard.settings import Settings
from regard.storage.folder import in_use


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; REGARD_HOST, else 127.0.0.1.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port; REGARD_PORT, else 8090.")] = None,
    data: DataFolder = None,
    bucket: Annotated[
        list[str] | None, typer.Option(help="NAME=FOLDER: serve a folder as the S3 bucket NAME.")
    ] = None,
) -> None:
    """Serve the Rekognition API."""
    settings = Settings.load(host=host, port=port, data=data, buckets=joined_buckets(bucket))
    listener = _listen(settings.host, settings.port)
    gc.disable()  # what is made until requests are answered lives as long as the process: nothing to collect
    try:
        from regard.cli.serving import run_server  # takes seconds, and a port that is taken is told at once

        with in_use(settings.data):
            run_server(settings, listener, _authority(settings.host, listener.getsockname()[1]))
    finally:
        gc.enable()


def _authority(host: str, port: int) -> str:
    """Host and port as a URL has them: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, before anything is loaded: a port that is taken should say so at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only for a socket that says it is TCP; with it on, every
    # answer waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise RegardError(
            f"Can't listen on {_authority(host, port)} ({error.strerror}); "
            "choose another with --host and --port."
        ) from error
    return listener
