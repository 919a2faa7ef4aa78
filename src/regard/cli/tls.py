"""`regard tls`: a certificate for browsers on this machine, without a certificate authority."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from regard.cli.options import DataFolder
from regard.cli.printing import say
from regard.settings import Settings
from regard.storage.folder import in_use
from regard.wire.certificates import LOCAL_NAMES, VALIDITY, LocalAuthority

app = typer.Typer(help="Make a certificate for browsers on this machine.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Make a certificate for browsers on this machine."""


@app.command("make")
def make(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="More hosts and addresses than this machine's own."),
    ] = None,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Do nothing where there is a certificate already.")
    ] = False,
    data: DataFolder = None,
) -> None:
    """Make an authority and its certificate for this machine and NAMEs, which `regard serve` then uses."""
    settings = Settings.load(data=data)
    authority = LocalAuthority.of(settings.data)
    if if_missing and authority.exists:
        return
    with in_use(settings.data):
        authority.make([*LOCAL_NAMES, *_public_names(settings), *(names or ())])
    if if_missing:
        return
    say(f"`regard serve` uses {authority.files.certificate} from its next start, for {VALIDITY.days} days.")
    say("Its authority's key is forgotten: whoever trusts it trusts this one certificate.")
    say("So that browsers believe it:")
    for line in how_to_trust(authority.root, sys.platform):
        say(f"  {line}")


def _public_names(settings: Settings) -> list[str]:
    """The hosts under which a proxy serves Regard, without their ports."""
    hosts = settings.public_hosts.split(",") if settings.public_hosts else []
    return [urlsplit(f"//{host}").hostname or "" for host in hosts]


def how_to_trust(root: Path, platform: str) -> tuple[str, ...]:
    """What makes the browsers of a platform (`sys.platform`) trust an authority."""
    file = shlex.quote(str(root))
    firefox = f"Firefox: Settings, Certificates, View Certificates, Authorities, Import {file}"
    if platform == "darwin":
        keychain = "~/Library/Keychains/login.keychain-db"
        return (f"security add-trusted-cert -r trustRoot -k {keychain} {file}   (Safari, Chrome)", firefox)
    if platform == "win32":
        return (f'certutil -user -addstore Root "{root}"   (Edge, Chrome)', firefox)
    return (
        f'certutil -d "sql:$HOME/.pki/nssdb" -A -t C,, -n "Regard local" -i {file}   '
        "(Chromium, Chrome; certutil is in libnss3-tools)",
        firefox,
        f"sudo cp {file} /usr/local/share/ca-certificates/regard-local.crt && sudo update-ca-certificates   "
        "(curl, and more)",
    )
