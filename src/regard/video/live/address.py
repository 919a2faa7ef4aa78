"""Where a live source is: a URL, a file, a device or the ARN of a Kinesis video stream.

User and password are taken out when an address is read. What is shown, logged or raised never holds them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Self
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

_MAXIMUM = 2048  # characters
_ARN = re.compile(
    r"arn:aws[a-z-]*:kinesisvideo:[a-z0-9-]+:[0-9]{12}:stream/[a-zA-Z0-9_.-]{1,256}/[0-9]{1,20}"
)
_HOST = re.compile(r"[a-z0-9]([a-z0-9_.-]{0,251}[a-z0-9])?\.?")
_PORTS = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443, "http": 80, "https": 443}
_SECURE = ("rtsps", "rtmps", "https")
_INSECURE = "tls=insecure"  # of a query: whoever made the certificate, and for whatever name
_DEVICE = re.compile(r"/dev/video[0-9]{1,3}")
_HIDDEN = "***"
# What of a query is shown. Cameras take users and passwords under many names, so all others are hidden.
_PUBLIC = {
    "camera",
    "channel",
    "fps",
    "height",
    "id",
    "loop",
    "profile",
    "resolution",
    "stream",
    "subtype",
    "width",
}
_PLAIN = re.compile(r"[a-zA-Z0-9_.-]{0,32}")
_SECRET_PATH = re.compile(r"(?i)((?:pass(?:word|wd)?|pwd|token|secret|auth|key)=)[^/]+")


class SourceKind(StrEnum):
    """How a source is read. An http:// URL that isn't a playlist by its name is MJPEG until it was opened."""

    RTSP = "RTSP"
    RTMP = "RTMP"
    HLS = "HLS"
    MJPEG = "MJPEG"
    DEVICE = "DEVICE"
    FILE = "FILE"
    KINESIS = "KINESIS"


_KINDS = {
    "rtsp": SourceKind.RTSP,
    "rtsps": SourceKind.RTSP,
    "rtmp": SourceKind.RTMP,
    "rtmps": SourceKind.RTMP,
    "http": SourceKind.MJPEG,
    "https": SourceKind.MJPEG,
}


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """`shown`: as anybody may be told, without user and password; two addresses may be shown alike. `host`
    and `port` of a URL; "" and 0 of a device, a file and Kinesis. `user` and `password` as the camera knows
    them, with no percent-encoding. `is_checked`: whether a certificate is to be checked, where it has one."""

    kind: SourceKind
    shown: str
    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)
    _secret: str = field(repr=False)
    is_checked: bool = True

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError, whose message is a sentence and holds nothing of `text`."""
        if len(text) > _MAXIMUM:
            raise ValueError(f"The source has more than {_MAXIMUM} characters.")
        if text.startswith("arn:"):
            if not _ARN.fullmatch(text):
                raise ValueError("The source is no ARN of a Kinesis video stream.")
            return cls(SourceKind.KINESIS, text, "", 0, "", "", text)
        if not text.isprintable() or " " in text or "\\" in text:
            raise ValueError("The source has a space or another character in it that no URL has.")
        scheme = text.partition("://")[0].lower()
        if scheme == "file":
            return cls._file(text)
        if scheme not in _KINDS:
            raise ValueError(_unknown(scheme))
        return cls._remote(scheme, text)

    @classmethod
    def _file(cls, text: str) -> Self:
        url = urlsplit(text)
        path = unquote(url.path)
        if url.netloc not in ("", "localhost") or "\0" in path or not PurePosixPath(path).is_absolute():
            raise ValueError("A file is named as file:///FOLDER/NAME, with three slashes.")
        if url.fragment or url.query not in ("", "loop=0", "loop=1"):
            raise ValueError("Behind a file's name there is nothing but ?loop=1.")
        kind = SourceKind.DEVICE if _DEVICE.fullmatch(path) else SourceKind.FILE
        shown = urlunsplit(("file", "", quote(path), url.query, ""))
        return cls(kind, shown, "", 0, "", "", shown)

    @classmethod
    def _remote(cls, scheme: str, text: str) -> Self:
        authority, rest = _parts(text)
        credentials, at, place = authority.rpartition("@")
        if "@" in rest or "#" in rest:
            raise ValueError(
                "The source has an @ or a # behind its first slash: in a user, a password or a path, write @ "
                "as %40, # as %23, / as %2F and ? as %3F."
            )
        host, port = _host_and_port(place, scheme)
        user, _, password = (unquote(part) for part in credentials.partition(":"))
        if any(not part.isprintable() for part in (user, password)):
            raise ValueError("The source's user or password has a character in it that can't be typed.")
        url, is_checked = _checked(urlsplit(f"{scheme}://host{rest}"))
        kind = _KINDS[scheme]
        if kind is SourceKind.MJPEG and url.path.lower().endswith(".m3u8"):
            kind = SourceKind.HLS
        named = f"[{host}]" if ":" in host else host
        netloc = named if port == _PORTS[scheme] else f"{named}:{port}"
        whole = f"{quote(user, safe='')}:{quote(password, safe='')}@{netloc}" if at else netloc
        shown = _shown(url._replace(netloc=netloc), is_checked=is_checked)
        secret = urlunsplit(url._replace(netloc=whole))
        return cls(kind, shown, host, port, user, password, secret, is_checked)

    @property
    def url(self) -> str:
        """The whole address, with user and password; percent-encoded. Never to be shown or logged."""
        return self._secret

    @property
    def bare_url(self) -> str:
        """The address without user and password, but with all of its path and query. Not to be shown: either
        may hold a secret."""
        if not self.host:
            return self._secret
        url = urlsplit(self._secret)
        return urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2]))

    @property
    def path(self) -> str:
        """Of a file or a device, decoded; of an URL as it stands in it."""
        path = urlsplit(self._secret).path
        return unquote(path) if self.kind in (SourceKind.FILE, SourceKind.DEVICE) else path

    @property
    def loops(self) -> bool:
        """Whether a file begins again when it has ended."""
        return self.kind is SourceKind.FILE and urlsplit(self._secret).query == "loop=1"

    def __str__(self) -> str:
        return self.shown


def _parts(text: str) -> tuple[str, str]:
    """What is between the two slashes and the next `/`, `?` or `#`, and the rest."""
    behind = text.partition("://")[2]
    end = next((place for place, one in enumerate(behind) if one in "/?#"), len(behind))
    return behind[:end], behind[end:]


def _host_and_port(place: str, scheme: str) -> tuple[str, int]:
    """Raises ValueError."""
    try:
        url = urlsplit(f"{scheme}://{place}")
        host, port = url.hostname or "", url.port or _PORTS[scheme]
    except ValueError:  # which holds what was given
        raise ValueError("The source's host or port is none.") from None
    if not (_HOST.fullmatch(host) or (":" in host and place.startswith("["))):
        raise ValueError("The source has no host, or one that is no name and no address.")
    return host, port


def _checked(url: SplitResult) -> tuple[SplitResult, bool]:
    """The URL as the camera is asked for it, and whether its certificate is checked."""
    parts = url.query.split("&")
    if _INSECURE not in parts:
        return url, True
    if url.scheme not in _SECURE:
        raise ValueError(f"{_INSECURE} is for {', '.join(f'{one}://' for one in _SECURE)} alone.")
    return url._replace(query="&".join(one for one in parts if one != _INSECURE)), False


def _shown(url: SplitResult, *, is_checked: bool) -> str:
    parts = [_shown_parameter(part) for part in url.query.split("&")]
    query = "&".join(parts if is_checked else [*filter(None, parts), _INSECURE])
    path = _SECRET_PATH.sub(rf"\1{_HIDDEN}", url.path)
    return urlunsplit(url._replace(path=path, query=query))


def _shown_parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    if not text or (name.lower() in _PUBLIC and _PLAIN.fullmatch(value)):
        return text
    return f"{name}={_HIDDEN}" if equals and _PLAIN.fullmatch(name) else _HIDDEN


def _unknown(scheme: str) -> str:
    if scheme == "srt":
        return "srt:// can't be read: FFmpeg's Python wheels have no SRT. Give the camera's rtsp:// URL."
    return (
        "The source must be an rtsp://, rtsps://, rtmp://, rtmps://, http://, https:// or file:/// URL, or "
        "the ARN of a Kinesis video stream."
    )
