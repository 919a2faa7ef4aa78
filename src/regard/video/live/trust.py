"""Whose certificates are believed where a live source speaks TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class SourceTrust:
    """Certificates that this machine trusts, and those in a file, PEM: of an authority, or a camera's own."""

    certificates: str | None = None

    @classmethod
    def parse(cls, file: str | None) -> Self:
        """Raises ValueError, with the rest of a sentence, for a file that holds no certificates."""
        trust = cls(file)
        if file is None:
            return trust
        try:
            trust.context(is_checked=True)
        except (OSError, ValueError):
            raise ValueError(f"must be a file of certificates, PEM, and {file!r} is none.") from None
        return trust

    def context(self, *, is_checked: bool) -> ssl.SSLContext:
        """That of a connection, whose certificate and name are checked, or, where its address says so, not.

        Raises OSError and ssl.SSLError for a file that can't be read.
        """
        context = ssl.create_default_context()
        if self.certificates is not None:
            context.load_verify_locations(self.certificates)
        if not is_checked:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
