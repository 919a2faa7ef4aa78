"""An identity provider over HTTP: OpenID Connect's authorization code flow, and what can be wrong with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey
from tests.waiting import PATIENCE

CLIENT, SECRET = "regard", "the client's secret: 8%"
Claims = dict[str, Any]


class Provider:
    """One issuer. `subject` is who is signed in there, `claims` what it says of them; `spoil` changes a
    token's claims, `sign` makes a token of them.
    """

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.keys = [self.key]
        self.unread: list[Any] = []  # keys of a kind that Regard doesn't know
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        self.requests: list[str] = []
        self.released = threading.Event()
        self.reset()

    def reset(self) -> None:
        """As it is meant to be."""
        self.subject = "s-1"
        self.claims: Claims = {"preferred_username": "nina@county.example", "amr": ["pwd", "mfa"]}
        self.spoil: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.signed
        self.is_down = self.hangs = False
        self.authenticated: int | None = None

    def signed(self, claims: Claims, kid: str = "one") -> str:
        return jwt.encode({"alg": "ES256", "kid": kid}, claims, self.key)

    def unsigned(self, claims: Claims) -> str:
        return f"{_packed({'alg': 'none', 'kid': 'one'})}.{_packed(claims)}."

    def with_public_key_as_secret(self, claims: Claims) -> str:
        """Signed by HMAC with what everybody can read."""
        return self._by_hmac(claims, self.key.as_pem(private=False))

    def with_client_secret(self, claims: Claims) -> str:
        return self._by_hmac(claims, SECRET.encode())

    def _by_hmac(self, claims: Claims, secret: bytes) -> str:
        """By hand: libraries make no such token."""
        told = f"{_packed({'alg': 'HS256', 'kid': 'one'})}.{_packed(claims)}"
        return f"{told}.{_base64url(hmac.digest(secret, told.encode(), 'sha256'))}"

    def metadata(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/leave",
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where it sends a browser back to."""
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**query, "subject": self.subject}
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> Claims | None:
        """What it answers to a code; None for one that it refuses."""
        known = self.codes.pop(form.get("code", ""), None)
        client = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = _base64url(digest)
        if known is None or client != f"{CLIENT}:the%20client%27s%20secret%3A%208%25":
            return None
        if known["code_challenge"] != challenge or known["redirect_uri"] != form.get("redirect_uri"):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": known["subject"],
            "nonce": known["nonce"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now if self.authenticated is None else self.authenticated,
            **self.claims,
        }
        return {"token_type": "Bearer", "access_token": "x", "id_token": self.sign(self.spoil(claims))}

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Over HTTP at a free port of this machine."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{server.server_port}/county"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _packed(value: Claims) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            place = url.path.removeprefix("/county")
            provider.requests.append(place)
            if provider.hangs:
                provider.released.wait(PATIENCE)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            if provider.is_down:
                self._answer(503, {})
            elif place == "/.well-known/openid-configuration":
                self._answer(200, provider.metadata())
            elif place == "/keys":
                known = [key.as_dict(private=False) for key in provider.keys]
                self._answer(200, {"keys": [*provider.unread, *known]})
            elif place == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            provider.requests.append("/token")
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(sent).items()}
            if provider.is_down:
                self._answer(503, {})
                return
            made = provider.token(form, self.headers.get("Authorization", ""))
            self._answer(400 if made is None else 200, made or {"error": "invalid_grant"})

        def _answer(self, status: int, body: Claims) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return

    return Handler
