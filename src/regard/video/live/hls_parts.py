"""What an HLS playlist names, opened for FFmpeg: further playlists, segments, and the keys of segments.

FFmpeg asks for a segment under AES-128 as `crypto+URL`, with key and initialization vector (RFC 8216,
4.3.2.4). It is decrypted here, so that key and segment go the way of every other connection.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import NoReturn, Protocol
from urllib.parse import urljoin

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from regard.video.live.failures import SourceFailed, failure_of
from regard.video.live.http_opening import HttpFile, HttpOpener
from regard.video.live.networks import SourceRefused

GiveUp = Callable[[Exception], NoReturn]

_CRYPTO = ("crypto+", "crypto:")
_KEY = re.compile(rb'^#EXT-X-KEY:.*?URI="([^"]*)"', re.MULTILINE)
_BLOCK = 16  # bytes of AES, and of its key
_WRONG_KEY = "The key that its playlist names doesn't decrypt its segments."
_BOXES = (b"ftyp", b"styp", b"moof", b"moov", b"sidx", b"emsg", b"prft", b"free", b"skip")
_STARTS = (b"\x47", b"ID3", b"\xff\xf1", b"\xff\xf9", b"\xff\xfb", b"\x0b\x77", b"WEBVTT")


class Readable(Protocol):
    """What FFmpeg reads from."""

    def read(self, count: int, /) -> bytes: ...

    def close(self) -> None: ...


class HlsParts:
    """The parts of one source. `give_up` is told of what nothing goes on without; FFmpeg leaves it out."""

    def __init__(self, opener: HttpOpener, give_up: GiveUp) -> None:
        self._opener = opener
        self._give_up = give_up
        self._keys: set[str] = set()

    def open(self, url: str, _flags: int, options: Mapping[str, str]) -> Readable:
        """As FFmpeg asks for it. Raises SourceFailed for a segment or a playlist that can't be had now."""
        if url.startswith(_CRYPTO):
            segment = self._fetch(url[len(_CRYPTO[0]) :], options)
            key, vector = bytes.fromhex(options["key"]), bytes.fromhex(options["iv"])
            return EncryptedSegment(segment, key, vector, lambda: self._give_up(SourceFailed(_WRONG_KEY)))
        if url in self._keys:
            return io.BytesIO(self._key(url))
        file = self._fetch(url, options)
        return _Playlist(file, url, self._keys) if file.is_playlist else file

    def _fetch(self, url: str, options: Mapping[str, str]) -> HttpFile:
        begin, end = int(options.get("offset", 0)), int(options.get("end_offset", 0))
        try:
            return self._opener.open(url, begin=begin, end=end or None)
        except SourceRefused as refused:
            self._give_up(refused)

    def _key(self, url: str) -> bytes:
        try:
            with self._opener.open(url) as file:
                key = b""
                while len(key) <= _BLOCK and (more := file.read(_BLOCK + 1 - len(key))):
                    key += more
        except (SourceFailed, SourceRefused) as error:
            failed = failure_of(error)
            self._give_up(SourceFailed(f"The key of its segments can't be had: {failed.why}", failed.cause))
        if len(key) != _BLOCK:
            self._give_up(SourceFailed(f"The key of its segments must have {_BLOCK} bytes, and has others."))
        return key


class _Playlist:
    """A playlist on its way to FFmpeg: the keys that it names are noted, as absolute URLs."""

    def __init__(self, file: HttpFile, url: str, keys: set[str]) -> None:
        self._file, self._url, self._keys = file, url, keys
        self._text = bytearray()

    def read(self, count: int) -> bytes:
        data = self._file.read(count)
        self._text += data
        named = (match.decode("utf-8", "replace") for match in _KEY.findall(self._text))
        self._keys.update(urljoin(self._url, one) for one in named)
        return data

    def close(self) -> None:
        self._file.close()


class EncryptedSegment:
    """A segment under AES-128 in CBC mode, padded as in PKCS #7, decrypted as it is read."""

    def __init__(self, file: Readable, key: bytes, vector: bytes, wrong: Callable[[], NoReturn]) -> None:
        """`key` and `vector` have 16 bytes each. `wrong` is called where the key is another's."""
        self._file = file
        self._decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
        self._wrong = wrong
        self._coded, self._plain = b"", b""
        self._is_first = True
        self._has_ended = False

    def read(self, count: int) -> bytes:
        """Up to `count` bytes; b"" at the end."""
        while not self._plain and not self._has_ended:
            self._decrypt(count)
        data, self._plain = self._plain[:count], self._plain[count:]
        return data

    def close(self) -> None:
        self._file.close()

    def _decrypt(self, count: int) -> None:
        """All whole blocks that came, but the last, which may be padding."""
        data = self._file.read(count)
        self._coded += data
        whole = len(self._coded) if not data else max(0, len(self._coded) - 1)
        whole -= whole % _BLOCK
        plain, self._coded = self._decryptor.update(self._coded[:whole]), self._coded[whole:]
        if plain and self._is_first:
            self._is_first = False
            if not _is_media(plain):
                self._wrong()
        if not data:
            self._has_ended = True
            plain = self._unpadded(plain)
        self._plain = plain

    def _unpadded(self, plain: bytes) -> bytes:
        """The last block without its padding; as it is, where the segment was cut off on its way."""
        if self._coded or not plain:
            return plain
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes([padding]) * padding:
            self._wrong()
        return plain[:-padding]


def _is_media(plain: bytes) -> bool:
    """Whether a segment may begin so: MPEG-TS, fragments of MP4, audio or subtitles."""
    return plain.startswith(_STARTS) or plain[4:8] in _BOXES
