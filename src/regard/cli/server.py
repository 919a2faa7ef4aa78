"""`regard serve`."""

from __future__ import annotations

import shlex
import signal
import socket
import sys
from typing import Annotated

import typer

from regard.cli.loading import Loading
from regard.cli.local import DataFolder
from regard.cli.printing import say
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
    from regard.storage.folder import in_use

    settings = Settings.load(host=host, port=port, data=data, buckets=joined_buckets(bucket))
    listener = _listen(settings.host, settings.port)
    with in_use(settings.data):
        _serve(settings, listener)


def _serve(settings: Settings, listener: socket.socket) -> None:
    import uvicorn

    from regard import logs
    from regard.app import asgi, build
    from regard.cli.worker_processes import WorkerProcesses
    from regard.vision.faces import FaceAnalyzer

    logs.configure()
    parts = build(settings, report=Loading().report)
    parts.sessions.load(FaceAnalyzer.networks)
    parts.indexes.keep_level()
    credentials = settings.data / "credentials"
    made = parts.keys.ensure_admin(credentials, settings.region)
    if made is not None:
        parts.audit.append_command("keys create", made.key_id, name=made.name, role=made.role)
        say(f"Made an admin key; it is in {credentials}.", on_stderr=True)
    address = f"http://{_authority(settings.host, listener.getsockname()[1])}"
    say(f"Regard serves on {address}. Try:", on_stderr=True)
    say(
        f"  AWS_SHARED_CREDENTIALS_FILE={shlex.quote(str(credentials))} AWS_REGION={settings.region} "
        f"aws --endpoint-url {address} rekognition list-collections",
        on_stderr=True,
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
    # uvicorn ends its run with the signal that stopped it, which must not end the process before the workers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    workers = WorkerProcesses(settings)
    workers.start()
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        workers.stop()
        parts.close()


def joined_buckets(buckets: list[str] | None) -> str | None:
    """Every --bucket as REGARD_BUCKETS has them. Raises RegardError for one that would become two."""
    for bucket in buckets or ():
        if "," in bucket:
            raise RegardError(
                f"--bucket {bucket} holds a comma: give each bucket its own --bucket, and a folder with "
                "a comma in its name through a link without."
            )
    return ",".join(buckets) if buckets else None


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
