"""Where sealed days of the audit log are published beside the server: a file, a URL, or with
a time-stamping authority.

What was published can't be taken back by whoever owns the database, as long as somebody else owns the place.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final, Protocol

from regard.errors import RegardError
from regard.notifications import webhook
from regard.notifications.certificate_order import with_sorted_certificates
from regard.notifications.channel import Refused
from regard.notifications.sending import DeliveryFailed, send
from regard.setting_values import STAMPING
from regard.settings import Settings

_MAX_TOKEN: Final = 65_536  # bytes of an authority's answer


class Anchor(Protocol):
    """One place."""

    @property
    def place(self) -> str:
        """Tells places apart: 64 digits, which say nothing of the place."""
        ...

    def publish(self, text: str, signed: bytes, /) -> bytes | None:
        """Puts a line of text there, or has `signed` stamped, which are the bytes that the seal signs.

        Answers the time-stamp, where there is one. Raises RegardError when it was not taken.
        """
        ...


class FileAnchor:
    """A file that grows by a line a day, on a disk that the server can't be made to forget."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.place = _digest(str(file.absolute()))

    def publish(self, text: str, _signed: bytes, /) -> None:
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

    def publish(self, text: str, _signed: bytes, /) -> None:
        try:
            webhook.post(self._url, text, self._secret, allowed=self._allowed)
        except (webhook.DeliveryFailed, Refused) as error:
            raise RegardError(f"REGARD_AUDIT_ANCHOR has not taken the sealed day: {error}.") from error


class TimestampAnchor:
    """A time-stamping authority (RFC 3161), which is sent a hash and answers a signature with the time."""

    def __init__(self, url: str, *, allowed: str) -> None:
        """`allowed` is the setting REGARD_WEBHOOKS. Raises RegardError where the library is not installed."""
        try:
            import rfc3161_client  # noqa: F401 - told now, not at midnight
        except ImportError as error:
            raise RegardError(
                "REGARD_AUDIT_ANCHOR names a time-stamping authority: pip install 'regard[timestamps]'."
            ) from error
        self._url = url
        self._allowed = allowed
        self.place = _digest(STAMPING + url)

    def publish(self, _text: str, signed: bytes, /) -> bytes:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

        request = TimestampRequestBuilder().data(signed).hash_algorithm(HashAlgorithm.SHA256).build()
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            token = send(
                self._url,
                request.as_bytes(),
                headers,
                allowed=self._allowed,
                plain=True,
                max_answer=_MAX_TOKEN,
            )
            token = with_sorted_certificates(token)
            answer = decode_timestamp_response(token)
            # An answer without a time-stamp, to a request that was refused, has nothing of this.
            fits = (
                answer.tst_info.message_imprint.message == hashlib.sha256(signed).digest()
                and answer.tst_info.nonce == request.nonce
            )
        except (DeliveryFailed, Refused) as error:
            raise RegardError(f"REGARD_AUDIT_ANCHOR has not stamped the sealed day: {error}.") from error
        except ValueError as error:
            raise RegardError(
                "REGARD_AUDIT_ANCHOR has not stamped the sealed day: its answer is no time-stamp."
            ) from error
        if not fits:
            raise RegardError(
                "REGARD_AUDIT_ANCHOR has not stamped the sealed day: its answer is of another request."
            )
        return token


def anchor_of(settings: Settings) -> Anchor | None:
    """The place that the settings name, or None. Raises RegardError where nothing could sign a POST."""
    named = settings.audit_anchor
    if not named:
        return None
    if "://" not in named:
        return FileAnchor(Path(named))
    if named.startswith(STAMPING):
        return TimestampAnchor(named.removeprefix(STAMPING), allowed=settings.webhooks)
    if not settings.webhook_secret:
        raise RegardError("What is sent to REGARD_AUDIT_ANCHOR is signed; set REGARD_WEBHOOK_SECRET.")
    return UrlAnchor(named, settings.webhook_secret, allowed=settings.webhooks)


def _digest(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()
