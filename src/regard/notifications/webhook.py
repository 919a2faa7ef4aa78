"""A notification by HTTP: one signed POST to the URL that stands in the place of the topic's ARN.

`X-Regard-Signature: t=SECONDS,v1=HEX` holds HMAC-SHA256, under the secret, of `SECONDS.BODY`: whoever has the
secret sees that the body is Regard's and when it was sent, and refuses what is old.
"""

from __future__ import annotations

import hmac
import time

from regard.notifications.channel import Resolve
from regard.notifications.sending import DeliveryFailed, send

__all__ = ["HEADER", "DeliveryFailed", "post", "secret_of_key", "signature"]

HEADER = "X-Regard-Signature"
_DERIVED = b"regard webhook"


def secret_of_key(key_secret: str) -> str:
    """The secret that signs for a key: HMAC-SHA256 of `regard webhook` under the key's own, in hex.

    Whoever holds the key can compute it and give it to the receiver, who can't sign requests with it.
    """
    return hmac.digest(key_secret.encode(), _DERIVED, "sha256").hex()


def signature(secret: str, body: str, seconds: int) -> str:
    """The header's value."""
    code = hmac.digest(secret.encode(), f"{seconds}.{body}".encode(), "sha256").hex()
    return f"t={seconds},v1={code}"


def post(channel: str, body: str, secret: str, *, allowed: str, resolve: Resolve | None = None) -> None:
    """Sends the body once. Raises what `sending.send` raises."""
    headers = {
        "Content-Type": "application/json",
        HEADER: signature(secret, body, int(time.time())),
    }
    send(channel, body.encode(), headers, allowed=allowed, resolve=resolve)
