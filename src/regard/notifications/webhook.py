"""A notification by HTTP: one signed POST to the URL that stands in the place of the topic's ARN.

`X-Regard-Signature: t=SECONDS,v1=HEX` holds HMAC-SHA256, under the secret, of `SECONDS.BODY`: whoever has the
secret sees that the body is Regard's and when it was sent, and refuses what is old.
"""

from __future__ import annotations

import hmac
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urlunsplit

from regard.notifications.channel import Resolve, Target, find_target

if TYPE_CHECKING:
    import httpx

HEADER = "X-Regard-Signature"
_SECONDS = 10.0  # for each of connecting, sending and waiting
_DERIVED = b"regard webhook"


class DeliveryFailed(Exception):
    """It was not taken; the message says why, without anything of the answer but its status."""


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
    """Sends the body once. Redirects are not followed, and proxies of the environment not used.

    Raises DeliveryFailed unless the answer has a status of 200 to 299, and Refused.
    """
    import httpx

    try:
        target = find_target(channel, allowed, resolve=resolve)
        with httpx.Client(
            verify=_trust() if target.url.scheme == "https" else False,
            trust_env=False,
            follow_redirects=False,
            timeout=_SECONDS,
        ) as client:
            answer = client.send(_request(client, target, body, secret), stream=True)
            status = answer.status_code
            answer.close()  # unread: nobody can fill our memory with an answer
    except httpx.TimeoutException as error:
        raise DeliveryFailed("it took too long to answer") from error
    except httpx.HTTPError as error:
        raise DeliveryFailed(f"it can't be reached ({type(error).__name__})") from error
    except httpx.InvalidURL as error:
        raise DeliveryFailed("it is no URL") from error
    except (OSError, UnicodeError) as error:
        raise DeliveryFailed("its host is not known") from error
    if not 200 <= status < 300:
        raise DeliveryFailed(f"it answered {status}")


def _trust() -> ssl.SSLContext:
    """Authorities that the machine trusts, which may be a company's own, and those of the browsers."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _request(client: httpx.Client, target: Target, body: str, secret: str) -> httpx.Request:
    """To the address that was checked; certificate and Host header are those of the name."""
    url = target.url
    place = f"[{target.address}]" if ":" in target.address else target.address
    return client.build_request(
        "POST",
        urlunsplit((url.scheme, f"{place}:{target.port}", url.path or "/", url.query, "")),
        content=body.encode(),
        headers={
            "Host": url.netloc,
            "Content-Type": "application/json",
            "User-Agent": "Regard",
            HEADER: signature(secret, body, int(time.time())),
        },
        extensions={"sni_hostname": url.hostname},
    )
