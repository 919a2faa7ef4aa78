"""Where links to the console lead."""

from __future__ import annotations

from regard.settings import Settings


def welcome_link(settings: Settings, code: str, *, port: int | None = None) -> str:
    """The link of an invitation: at REGARD_PUBLIC_URL, or on this machine itself, where passkeys are good.

    `port` is the one that the server listens on, where that isn't the setting's.
    """
    root = settings.public_url or f"http://localhost:{settings.port if port is None else port}"
    return f"{root}/console/welcome?code={code}"
