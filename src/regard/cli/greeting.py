"""What a server says to whoever has started it."""

from __future__ import annotations

import shlex
import socket

from regard.app import Parts
from regard.cli.printing import say
from regard.cli.welcome_link import welcome_link
from regard.wire.listeners import TlsListener, authority


def greet(
    parts: Parts, listener: socket.socket, tls: TlsListener | None, public: socket.socket | None
) -> None:
    """Says where it serves, and with which key and link to begin: both are made where there are none."""
    settings, port = parts.settings, listener.getsockname()[1]
    credentials = settings.data / "credentials"
    made = parts.keys.ensure_admin(credentials, settings.region)
    if made is not None:
        parts.audit.append_command("keys create", made.key_id, name=made.name, role=made.role)
        say(f"Made an admin key; it is in {credentials}.", on_stderr=True)
    address = f"http://{authority(settings.host, port)}"
    say(f"Regard serves on {address}. Try:", on_stderr=True)
    say(
        f"  AWS_SHARED_CREDENTIALS_FILE={shlex.quote(str(credentials))} AWS_REGION={settings.region} "
        f"aws --endpoint-url {address} rekognition list-collections",
        on_stderr=True,
    )
    say(
        f"Its data folder is {settings.data.absolute()}; "
        "commands run elsewhere name it with --data or REGARD_DATA.",
        on_stderr=True,
    )
    invitation = parts.stores.accountability.invitations.make_first()
    if invitation is not None:
        parts.audit.append_command("people invite", "the first administrator")
        link = welcome_link(settings, invitation.code, port=port)
        say(f"There is nobody yet. The first administrator comes by {link}", on_stderr=True)
    if tls is not None:
        say(f"By TLS it serves on https://{authority(settings.host, tls.port)}.", on_stderr=True)
    if public is not None:
        public_address = authority(settings.host, public.getsockname()[1])
        say(f"The public pages are on http://{public_address}.", on_stderr=True)
