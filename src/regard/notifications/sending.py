"""One request to a URL that a setting allows."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlunsplit

from regard.notifications.channel import Resolve, Target, find_target

if TYPE_CHECKING:
    import httpx

_SECONDS: Final = 10.0  # for each of connecting, sending and waiting, where nobody says otherwise
_WHOLE: Final = 3  # times that, for an answer that keeps coming


class DeliveryFailed(Exception):
    """It was not taken; the message says why, without anything of the answer but its status, if there was
    one.
    """

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


def send(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: str,
    method: str = "POST",
    resolve: Resolve | None = None,
    plain: bool = False,
    max_answer: int = 0,
    seconds: float = _SECONDS,
) -> bytes:
    """Sends the body once, and answers the first `max_answer` bytes of what was answered.

    `allowed` is the setting REGARD_WEBHOOKS; `plain` lets http:// go anywhere that it allows, where both ways
    are signed. Redirects are not followed, and proxies of the environment not used. Each of connecting,
    sending and waiting may take `seconds`, and an answer that keeps coming three times that.

    Raises DeliveryFailed unless the answer has a status of 200 to 299, and Refused.
    """
    import httpx

    try:
        target = find_target(url, allowed, resolve=resolve, plain=plain)
        with httpx.Client(
            verify=_trust() if target.url.scheme == "https" else False,
            trust_env=False,
            follow_redirects=False,
            timeout=seconds,
        ) as client:
            answer = client.send(_request(client, method, target, body, headers), stream=True)
            status = answer.status_code
            until = time.monotonic() + _WHOLE * seconds
            read = _read(answer, max_answer, until)  # no more: nobody can fill our memory with an answer
            answer.close()
    except httpx.TimeoutException as error:
        raise DeliveryFailed("it took too long to answer") from error
    except httpx.HTTPError as error:
        raise DeliveryFailed(f"it can't be reached ({type(error).__name__})") from error
    except httpx.InvalidURL as error:
        raise DeliveryFailed("it is no URL") from error
    except (OSError, UnicodeError) as error:
        raise DeliveryFailed("its host is not known") from error
    if not 200 <= status < 300:
        raise DeliveryFailed(f"it answered {status}", status)
    return read


def _read(answer: httpx.Response, max_answer: int, until: float) -> bytes:
    read = b""
    if max_answer:
        for part in answer.iter_bytes():
            read += part
            if time.monotonic() > until:
                raise DeliveryFailed("it took too long to answer")
            if len(read) >= max_answer:
                break
    return read[:max_answer]


def _trust() -> ssl.SSLContext:
    """Authorities that the machine trusts, which may be a company's own, and those of the browsers."""
    import certifi

    known = ssl.get_default_verify_paths()
    return _read_authorities(
        tuple(_as_it_is(place) for place in (known.cafile, known.capath, certifi.where()))
    )


def _as_it_is(place: str | None) -> tuple[str, int] | None:
    """A file or folder, and when it was changed last, in ns; None where there is none."""
    try:
        return None if place is None else (place, os.stat(place).st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=1)
def _read_authorities(_places: tuple[tuple[str, int] | None, ...]) -> ssl.SSLContext:
    """Read anew where a place has changed. Reading them takes 50 ms of a core and a megabyte, and a stream
    sends four times a second.
    """
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _request(
    client: httpx.Client, method: str, target: Target, body: bytes, headers: Mapping[str, str]
) -> httpx.Request:
    """To the address that was checked; certificate and Host header are those of the name."""
    url = target.url
    place = f"[{target.address}]" if ":" in target.address else target.address
    return client.build_request(
        method,
        urlunsplit((url.scheme, f"{place}:{target.port}", url.path or "/", url.query, "")),
        content=body,
        headers={"Host": url.netloc, "User-Agent": "Regard", **headers},
        extensions={"sni_hostname": url.hostname},
    )
