"""Where a request comes from, by the word of a proxy that is trusted and of nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from regard.errors import RegardError
from regard.settings import Settings
from regard.wire.proxies import TrustedProxies, believe_proxies

PROXY, CLIENT = "10.0.0.7", "203.0.113.9"
BY_X, BY_FORWARDED = "10.0.0.0/24,2001:db8::/64", "forwarded,10.0.0.0/24,2001:db8::/64"


def seen(*headers: tuple[str, str], peer: str | None = PROXY, setting: str = BY_X, kind: str = "http") -> Any:
    """The client and the scheme that the application sees."""
    found: list[Any] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"]
        found.append((None if client is None else client[0], scope["scheme"]))

    scope = {
        "type": "http" if kind == "http" else "websocket",
        "scheme": kind,
        "client": None if peer is None else (peer, 4711),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    [middleware] = believe_proxies(setting)
    wrapped: Any = middleware.cls(application, *middleware.args, **middleware.kwargs)
    assert isinstance(wrapped, TrustedProxies)
    asyncio.run(wrapped(scope, None, None))
    return found[0]


def test_without_the_setting_nobody_is_believed() -> None:
    assert Settings().proxies == ""
    assert believe_proxies("") == []


def test_a_trusted_proxy_says_where_a_request_comes_from() -> None:
    headers = (("X-Forwarded-For", CLIENT), ("X-Forwarded-Proto", "https"))
    assert seen(*headers) == (CLIENT, "https")
    assert seen(*headers, kind="ws") == (CLIENT, "wss")


@pytest.mark.parametrize("peer", ["10.0.1.7", CLIENT, "::1", None])
def test_nobody_else_is_believed(peer: str | None) -> None:
    headers = (("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"))
    assert seen(*headers, peer=peer) == (peer, "http")


@pytest.mark.parametrize(
    ("sent", "client"),
    [
        (f"192.0.2.1, {CLIENT}", CLIENT),  # the client's own word, left of the proxy's
        (f"192.0.2.1, {CLIENT}, 10.0.0.8", CLIENT),
        ("10.0.0.9, 10.0.0.8", "10.0.0.9"),  # proxies alone
        (", ".join(["10.0.0.8"] * 100), "10.0.0.8"),  # a loop
        (", ".join([CLIENT, *["10.0.0.8"] * 40]), "10.0.0.8"),  # more than anybody has
        (f"{CLIENT}:51234", CLIENT),
        ("[2001:db9::1]:51234", "2001:db9::1"),
        ("2001:db9::1", "2001:db9::1"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("", PROXY),
        ("unknown", PROXY),
        (f"{CLIENT}, unknown", PROXY),
        (f"{CLIENT}, 10.0.0.8, <script>", PROXY),
        (f"{CLIENT}, 10.0.0.999, 10.0.0.8", "10.0.0.8"),
        ("fe80::1%eth0", PROXY),
        ("१०.०.०.१", PROXY),
        (",,,", PROXY),
    ],
)
def test_the_rightmost_address_that_is_no_proxy_counts(sent: str, client: str) -> None:
    assert seen(("X-Forwarded-For", sent))[0] == client


def test_lines_of_a_header_are_one_list() -> None:
    assert seen(("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", CLIENT))[0] == CLIENT


@pytest.mark.parametrize(
    ("sent", "scheme"),
    [("https", "https"), ("HTTPS", "https"), ("javascript", "http"), ("", "http"), ("http, https", "https")],
)
def test_a_scheme_is_http_or_https(sent: str, scheme: str) -> None:
    assert seen(("X-Forwarded-For", CLIENT), ("X-Forwarded-Proto", sent))[1] == scheme


@pytest.mark.parametrize("sent", ["https", "https, http", "http, https, https"])
def test_schemes_without_a_client_tell_nothing(sent: str) -> None:
    assert seen(("X-Forwarded-Proto", sent)) == (PROXY, "http")


@pytest.mark.parametrize(
    ("sent", "client"),
    [
        (f"for={CLIENT};proto=https", (CLIENT, "https")),
        (f'for=192.0.2.1, For="{CLIENT}:80"; Proto=https', (CLIENT, "https")),
        ('for="[2001:db9::1]:443";by=10.0.0.7', ("2001:db9::1", "http")),
        (f"for={CLIENT}, for=10.0.0.8;proto=https", (CLIENT, "https")),
        ("for=_hidden", (PROXY, "http")),
        ("for=unknown, proto", (PROXY, "http")),
        ("=;;=,", (PROXY, "http")),
    ],
)
def test_proxies_may_say_it_by_forwarded(sent: str, client: tuple[str, str]) -> None:
    assert seen(("Forwarded", sent), setting=BY_FORWARDED) == client


def test_the_header_that_the_proxy_does_not_write_is_the_client_s_word() -> None:
    forged = ("Forwarded", "for=192.0.2.1")
    assert seen(forged, ("X-Forwarded-For", CLIENT))[0] == CLIENT
    assert (
        seen(("X-Forwarded-For", "192.0.2.1"), ("Forwarded", f"for={CLIENT}"), setting=BY_FORWARDED)[0]
        == CLIENT
    )
    assert seen(forged)[0] == PROXY


@pytest.mark.parametrize("setting", ["10.0.0.0/33", "proxy.example.org", "10.0.0.1/24", "forwarded", "*"])
def test_what_is_no_network_is_refused(setting: str) -> None:
    with pytest.raises(RegardError, match="REGARD_PROXIES"):
        Settings.load({"REGARD_PROXIES": setting})


def test_networks_are_read_as_they_are_written() -> None:
    settings = Settings.load({"REGARD_PROXIES": " 10.0.0.7 , 2001:DB8::/64 "})
    assert settings.proxies == "10.0.0.7/32,2001:db8::/64"
