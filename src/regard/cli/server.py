"""`regard serve`."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
from rich.console import Console

from regard.cli.local import DataFolder
from regard.errors import RegardError
from regard.settings import Settings


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
    import uvicorn

    from regard import logs
    from regard.app import asgi, build
    from regard.vision.faces import FaceAnalyzer

    settings = Settings.load(host=host, port=port, data=data, buckets=",".join(bucket) if bucket else None)
    console = Console(highlight=False, stderr=True)
    logs.configure()
    listener = _listen(settings.host, settings.port)
    parts = build(settings)
    parts.sessions.load(FaceAnalyzer.networks)
    credentials = settings.data / "credentials"
    made = parts.keys.ensure_admin(credentials)
    if made is not None:
        parts.audit.append_command("keys create", made.key_id, name=made.name, role=made.role)
        console.print(f"Made an admin key; it is in {credentials}.")
    address = f"http://{settings.host}:{listener.getsockname()[1]}"
    console.print(f"Regard serves on {address}. Try:")
    console.print(
        f"  AWS_SHARED_CREDENTIALS_FILE={credentials} AWS_REGION={settings.region} "
        f"aws --endpoint-url {address} rekognition list-collections",
        soft_wrap=True,
    )
    config = uvicorn.Config(
        asgi(parts),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing depends on the client's address, so nobody may claim one
        timeout_keep_alive=75,
        timeout_graceful_shutdown=20,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        parts.close()


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
            f"Can't listen on {host}:{port} ({error.strerror}); choose another with --host and --port."
        ) from error
    return listener
