"""`regard serve`."""

from __future__ import annotations

import gc
import signal
import socket
import sys
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.options import DataFolder, joined_buckets
from regard.errors import RegardError
from regard.migration.shadow.options import ShadowOptions
from regard.settings import Settings
from regard.storage.folder import in_use
from regard.wire.certificates import LOCAL_NAMES, CertificateFiles, LocalAuthority
from regard.wire.listeners import TlsListener, authority


class AnswerFrom(StrEnum):
    """Whose answers clients get."""

    HERE = "here"
    SHADOW = "shadow"


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; REGARD_HOST, else 127.0.0.1.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port; REGARD_PORT, else 8090.")] = None,
    tls_port: Annotated[
        int | None,
        typer.Option(help="Port for TLS, where there is a certificate; REGARD_TLS_PORT, else 8091."),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(help="Certificate, PEM; REGARD_TLS_CERT, else that of `regard tls make`, where it is."),
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key, PEM; REGARD_TLS_KEY.")] = None,
    tls_local: Annotated[
        bool, typer.Option("--tls-local", help="Make a certificate for this machine where there is none.")
    ] = False,
    data: DataFolder = None,
    bucket: Annotated[
        list[str] | None, typer.Option(help="NAME=FOLDER: serve a folder as the S3 bucket NAME.")
    ] = None,
    shadow: Annotated[
        str | None, typer.Option(help="URL of a Rekognition: some requests are sent there too, and compared.")
    ] = None,
    share: Annotated[float, typer.Option("--shadow-share", help="Share of the requests, 0 to 1.")] = 0.05,
    budget: Annotated[
        float, typer.Option("--shadow-budget", min=0, help="What that may cost, by AWS's price list, in USD.")
    ] = 20.0,
    prices: Annotated[
        str | None, typer.Option(help="The price list for that: its name, or FILE.toml; else by the region.")
    ] = None,
    shadow_profile: Annotated[
        str | None, typer.Option(help="Profile of ~/.aws with the credentials for it.")
    ] = None,
    answer_from: Annotated[
        AnswerFrom, typer.Option(help="Whose answers clients get to these requests.")
    ] = AnswerFrom.HERE,
    keep: Annotated[
        bool, typer.Option("--keep-disagreements", help="Keep digests of pictures that both see differently.")
    ] = False,
    mirror: Annotated[
        str | None, typer.Option(help="URL of a Rekognition: faces and users that change here change there.")
    ] = None,
    mirror_profile: Annotated[
        str | None, typer.Option(help="Profile of ~/.aws with the credentials for that.")
    ] = None,
) -> None:
    """Serve the Rekognition API."""
    choice = None
    if shadow is not None or mirror is not None:
        from regard.cli.shadowing import ElsewhereChoice, MirrorChoice, ShadowChoice

        options = ShadowOptions(share, answers=answer_from is AnswerFrom.SHADOW, keep_disagreements=keep)
        money = Decimal(str(budget))
        choice = ElsewhereChoice(
            None if shadow is None else ShadowChoice(shadow, shadow_profile, money, options, prices),
            None if mirror is None else MirrorChoice(mirror, mirror_profile),
        )
    settings = Settings.load(
        host=host,
        port=port,
        tls_port=tls_port,
        tls_cert=tls_cert,
        tls_key=tls_key,
        data=data,
        buckets=joined_buckets(bucket),
    )
    if tls_local and settings.tls_cert is None and not LocalAuthority.of(settings.data).exists:
        LocalAuthority.of(settings.data).make(LOCAL_NAMES)
    certificate = _certificate(settings, is_wanted=tls_port is not None)
    context = None if certificate is None else certificate.context()
    listener = _listen(settings.host, settings.port, "--port")
    tls = None
    if context is not None:
        tls = TlsListener(_listen(settings.host, settings.tls_port, "--tls-port"), context)
    public = None
    if settings.public_port:
        public = _listen(settings.host, settings.public_port, "REGARD_PUBLIC_PORT")
    # While it starts nothing is under way. The first process of a container has no default for a signal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    gc.disable()  # what is made until requests are answered lives as long as the process: nothing to collect
    try:
        from regard.cli.serving import run_server  # takes seconds, and a port that is taken is told at once

        with in_use(settings.data):
            run_server(settings, listener, tls, choice, public)
    finally:
        gc.enable()


def _certificate(settings: Settings, *, is_wanted: bool) -> CertificateFiles | None:
    """The certificate to serve with; None where there is none. Raises RegardError."""
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise RegardError("A certificate and its key belong together; give both --tls-cert and --tls-key.")
    if settings.tls_cert is not None and settings.tls_key is not None:
        return CertificateFiles(Path(settings.tls_cert), Path(settings.tls_key))
    local = LocalAuthority.of(settings.data)
    if local.exists:
        return local.files
    if is_wanted:
        raise RegardError(
            "There is no certificate to serve TLS with; give --tls-cert and --tls-key, or make one for this "
            "machine by `regard tls make`."
        )
    return None


def _listen(host: str, port: int, option: str) -> socket.socket:
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
            f"Can't listen on {authority(host, port)} ({error.strerror}); "
            f"choose another with --host and {option}."
        ) from error
    return listener
