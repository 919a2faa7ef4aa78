"""HTTP for live sources: every connection, that of a redirect too, goes to an address that was checked."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPDefaultErrorHandler,
    HTTPDigestAuthHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPPasswordMgrWithDefaultRealm,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
)

from regard.video.live.address import SourceAddress
from regard.video.live.failures import UNTRUSTED, FailureCause, SourceFailed
from regard.video.live.networks import AllowedNetworks, HostUnknown, SourceRefused
from regard.video.live.trust import SourceTrust

_TIMEOUT = 6.0  # s, for connecting and for each wait for bytes
_PLAYLIST = 4_000_000  # bytes
_PLAYLISTS = ("mpegurl", "m3u")
_REDIRECTS = 5


class HttpOpener:
    """Opens what a source names: its own URL, and the playlists, segments and keys that are named in there.

    User and password go to the scheme, host and port of the source alone. Proxies of the environment aren't
    used. A playlist, redirect or segment that names anything but http:// and https:// is refused.
    """

    def __init__(self, source: SourceAddress, networks: AllowedNetworks, trust: SourceTrust) -> None:
        """A certificate that `source` wants unchecked is unchecked at its own host alone."""
        self.url = source.bare_url
        self._opener = OpenerDirector()
        passwords = HTTPPasswordMgrWithDefaultRealm()
        if source.user or source.password:
            place = urlsplit(self.url)
            passwords.add_password(None, f"{place.scheme}://{place.netloc}/", source.user, source.password)
        for handler in (
            _Http(networks),
            _Https(networks, trust, None if source.is_checked else source.host),
            HTTPDefaultErrorHandler(),
            _Redirects(),
            HTTPErrorProcessor(),
            HTTPBasicAuthHandler(passwords),
            _Digest(passwords),
        ):
            self._opener.add_handler(handler)

    def open(self, url: str, *, begin: int = 0, end: int | None = None) -> HttpFile:
        """The answer's body from byte `begin` up to, not with, byte `end`.

        Raises SourceFailed, and SourceRefused where its host may not be reached.
        """
        whole = urljoin(self.url, url)
        if urlsplit(whole).scheme not in ("http", "https"):
            raise SourceRefused("It names something that isn't on http:// or https://, which is not read.")
        request = Request(whole, headers={"User-Agent": "Regard", "Accept": "*/*"})  # noqa: S310
        if begin or end is not None:
            request.add_header("Range", f"bytes={begin}-{'' if end is None else end - 1}")
        try:
            return HttpFile(self._opener.open(request, timeout=_TIMEOUT))
        except urllib.error.HTTPError as error:
            error.close()
            raise _answered(error.code) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _broken(error) from None


class HttpFile:
    """What an answer holds, as FFmpeg reads it. A playlist ends in an error where it is too long."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.kind: str = answer.headers.get_content_type()
        """The content type, lower case, without parameters."""
        self.place: str = answer.geturl()
        self._left = _PLAYLIST if self.is_playlist else None

    @property
    def is_playlist(self) -> bool:
        """Whether it is one of HLS, by its content type or its name."""
        return any(one in self.kind for one in _PLAYLISTS) or urlsplit(self.place).path.endswith(".m3u8")

    def read(self, count: int) -> bytes:
        """As many bytes as have come, `count` at most; b"" at the end. Raises SourceFailed."""
        try:
            data: bytes = self._answer.read1(count)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _broken(error) from None
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise SourceFailed(f"Its playlist has more than {_PLAYLIST} bytes.")
        return data

    def close(self) -> None:
        self._answer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _answered(status: int) -> SourceFailed:
    if status == HTTPStatus.UNAUTHORIZED:
        return SourceFailed("It wants another user or password.", FailureCause.LOCKED)
    if status == HTTPStatus.FORBIDDEN:
        return SourceFailed("It doesn't let this user in.", FailureCause.LOCKED)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return SourceFailed("It has no stream of that name.", FailureCause.ABSENT)
    return SourceFailed(f"It answered {status}.")


def _broken(error: Exception) -> SourceFailed:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ConnectionRefusedError):
        return SourceFailed("Connection refused.")
    if isinstance(reason, TimeoutError):
        return SourceFailed("It doesn't answer.")
    if isinstance(reason, ssl.SSLCertVerificationError):
        return SourceFailed(UNTRUSTED)
    return SourceFailed(f"The connection failed ({type(reason).__name__}).")


def connect(host: str, port: int, networks: AllowedNetworks) -> socket.socket:
    """A connection to the first address of `host` that answers, of addresses that are all allowed.

    Raises SourceRefused, and the OSError of the last address.
    """
    addresses = networks.check(host, port)
    for place, address in enumerate(addresses):
        try:
            return socket.create_connection((address, port), _TIMEOUT)
        except OSError:
            if place + 1 == len(addresses):
                raise
    raise HostUnknown("Its host is not known.")


class _Connection(http.client.HTTPConnection):
    def __init__(self, host: str, *, networks: AllowedNetworks, **options: Any) -> None:
        super().__init__(host, **options)
        self._networks = networks

    def connect(self) -> None:
        self.sock = connect(self.host, self.port, self._networks)


class _SecureConnection(_Connection):
    default_port = http.client.HTTPS_PORT

    def __init__(self, host: str, *, trust: SourceTrust, unchecked: str | None, **options: Any) -> None:
        super().__init__(host, **options)
        self._trust, self._unchecked = trust, unchecked

    def connect(self) -> None:
        super().connect()
        secure = self._trust.context(is_checked=self.host.lower() != self._unchecked)
        self.sock = secure.wrap_socket(self.sock, server_hostname=self.host)


class _Http(HTTPHandler):
    def __init__(self, networks: AllowedNetworks) -> None:
        super().__init__()
        self._networks = networks

    def http_open(self, req: Request) -> Any:
        return self.do_open(_Connection, req, networks=self._networks)  # type: ignore[arg-type]


class _Https(HTTPSHandler):
    def __init__(self, networks: AllowedNetworks, trust: SourceTrust, unchecked: str | None) -> None:
        """`unchecked`: the host whose certificate isn't checked, None for none."""
        super().__init__()
        self._options = {"networks": networks, "trust": trust, "unchecked": unchecked}

    def https_open(self, req: Request) -> Any:
        return self.do_open(_SecureConnection, req, **self._options)  # type: ignore[arg-type]


class _Digest(HTTPDigestAuthHandler):
    """Tries a password once, not six times as its parent does: cameras lock accounts after a few."""

    def http_error_401(self, req: Request, fp: Any, code: int, msg: str, headers: Any) -> Any:
        wanted = (headers.get("www-authenticate") or "").lower().replace('"', "")
        answer = None
        if not req.has_header(self.auth_header) or "stale=true" in wanted:
            answer = super().http_error_401(req, fp, code, msg, headers)
        if answer is None and wanted.startswith("digest"):  # which the handler of basic doesn't know
            raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)
        return answer


class _Redirects(HTTPRedirectHandler):
    max_redirections = _REDIRECTS

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise SourceRefused("It leads to something that isn't on http:// or https://, which is not read.")
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None:  # what was said to one host isn't for another
            following.headers.pop("Authorization", None)
            following.unredirected_hdrs.pop("Authorization", None)
        return following
