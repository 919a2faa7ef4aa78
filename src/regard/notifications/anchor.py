"""Where sealed days of the audit log are published beside the server: a file, or a URL.

What was published can't be taken back by whoever owns the database, as long as somebody else owns the place.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Protocol

from regard.errors import RegardError
from regard.notifications import webhook
from regard.notifications.channel import Refused
from regard.settings import Settings


class Anchor(Protocol):
    """One place."""

    @property
    def place(self) -> str:
        """Tells places apart: 64 digits, which say nothing of the place."""
        ...

    def publish(self, text: str) -> None:
        """Puts a line of text there. Raises RegardError when it was not taken."""
        ...


class FileAnchor:
    """A file that grows by a line a day, on a disk that the server can't be made to forget."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.place = _digest(str(file.absolute()))

    def publish(self, text: str) -> None:
        try:
            with self._file.open("a", encoding="utf-8") as out:
                out.write(text + "\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise RegardError(
                f"{self._file}, which REGARD_AUDIT_ANCHOR names, can't be written: {error.strerror}."
            ) from error


class UrlAnchor:
    """A URL that takes a signed POST a day, as a notification of a job's end is one."""

    def __init__(self, url: str, secret: str, *, allowed: str) -> None:
        """`allowed` is the setting REGARD_WEBHOOKS."""
        self._url = url
        self._secret = secret
        self._allowed = allowed
        self.place = _digest(url)

    def publish(self, text: str) -> None:
        try:
            webhook.post(self._url, text, self._secret, allowed=self._allowed)
        except (webhook.DeliveryFailed, Refused) as error:
            raise RegardError(f"REGARD_AUDIT_ANCHOR has not taken the sealed day: {error}.") from error


def anchor_of(settings: Settings) -> Anchor | None:
    """The place that the settings name, or None. Raises RegardError where nothing could sign a POST."""
    named = settings.audit_anchor
    if not named:
        return None
    if "://" not in named:
        return FileAnchor(Path(named))
    if not settings.webhook_secret:
        raise RegardError("What is sent to REGARD_AUDIT_ANCHOR is signed; set REGARD_WEBHOOK_SECRET.")
    return UrlAnchor(named, settings.webhook_secret, allowed=settings.webhooks)


def _digest(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()
