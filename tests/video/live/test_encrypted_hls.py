"""HLS whose segments are encrypted: the key goes the way of every other connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from regard.video.live.networks import AllowedNetworks
from regard.video.live.samples import SourceWord
from tests.video.live.cameras import Site, answer, playlist, reader, sample, segments, state

KEY, VECTOR = bytes(range(16)), bytes(range(16, 32))
KIND = "application/vnd.apple.mpegurl"


def encrypted(segment: bytes) -> bytes:
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(VECTOR)).encryptor()
    return encryptor.update(padder.update(segment) + padder.finalize()) + encryptor.finalize()


@pytest.fixture(scope="module")
def parts(films: Path, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return [encrypted(one) for one in segments(films / "door.mp4", tmp_path_factory.mktemp("parts"))]


def live_at(site: Site, parts: list[bytes], key: str) -> str:
    """Has a site give segments, one a second, whose key is at a URL; the playlist's own."""
    begin = time.monotonic()
    for number in range(60):
        site.put(f"/{number}.ts", parts[number % len(parts)], "video/mp2t")

    def index(request: BaseHTTPRequestHandler) -> None:
        last = 3 + int(time.monotonic() - begin)
        listed = playlist([f"{number}.ts" for number in range(last - 3, last)], first=last - 3).decode()
        tag = f'#EXT-X-KEY:METHOD=AES-128,URI="{key}",IV=0x{VECTOR.hex()}\n'
        answer(request, 200, listed.replace("#EXTINF", f"{tag}#EXTINF", 1).encode(), KIND)

    site.pages["/live"] = index
    return f"http://127.0.0.1:{site.port}/live"


def test_encrypted_segments_are_read_with_their_key(parts: list[bytes]) -> None:
    with Site() as site:
        site.put("/keys/1", KEY)
        with reader(live_at(site, parts, "keys/1")) as live:
            found = [sample(live) for _ in range(6)]
    assert found[0].image.pixels().shape == (180, 320, 3)
    assert found[5].at > found[0].at


Put = Callable[[Site], None]


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (lambda site: site.put("/key", KEY[::-1]), "The key that its playlist names doesn't decrypt"),
        (lambda site: site.put("/key", b"short"), "The key of its segments must have 16 bytes"),
        (lambda site: None, "The key of its segments can't be had: It has no stream of that name."),
        (
            lambda site: site.put("/key", b"", status=403),
            "The key of its segments can't be had: It doesn't let",
        ),
    ],
    ids=["wrong", "short", "missing", "forbidden"],
)
def test_a_key_that_is_none_is_a_sentence(parts: list[bytes], put: Put, why: str) -> None:
    with Site() as site:
        put(site)
        with reader(live_at(site, parts, "/key")) as live:
            waiting = state(live, lambda one: one.word is SourceWord.WAITING)
    assert waiting.why is not None
    assert waiting.why.startswith(why)
    assert waiting.last_picture is None


def test_a_key_is_fetched_from_no_network_that_is_not_allowed(parts: list[bytes]) -> None:
    with Site() as site:
        site.put("/key", KEY)
        source = live_at(site, parts, f"http://127.0.0.2:{site.port}/key")
        with reader(source, networks=AllowedNetworks.parse("127.0.0.1")) as live:
            refused = state(live, lambda one: one.is_final)
    assert refused.why is not None
    assert refused.why.startswith("The key of its segments can't be had: Its host is not in the networks")
    assert "/key" not in [path for path, _ in site.asked]
