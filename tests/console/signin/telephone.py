"""The authenticator program of somebody: codes of a secret, each given once."""

from __future__ import annotations

import re
import time

import pyotp


class Telephone:
    """Shows the codes of one secret: that of now, which is good for half a minute more, then the next."""

    def __init__(self, secret: str) -> None:
        self._codes = pyotp.TOTP(secret)
        self._step = 0

    def code(self) -> str:
        now = int(time.time()) // 30
        self._step = max(now, self._step + 1)
        assert self._step <= now + 1, "a test that takes more than two codes in half a minute"
        return self._codes.generate_otp(self._step)

    @classmethod
    def scanning(cls, page: str) -> Telephone:
        """One that has scanned the code of a page."""
        [secret] = re.findall(r"<code>([A-Z2-7]{32})</code>", page)
        return cls(secret)
