#!/usr/bin/env bash
# urllib.request: digest authentication sends a wrong password six times.
#
# Version:   Python 3.11.7, its standard library alone
# Date:      2026-11-30
# Behaviour: HTTPBasicAuthHandler sees that the header it would send was sent, and gives up. HTTPDigestAuthHandler
#            compares as well, but its header has a count and a random value and is never the same: it tries until a
#            limit of its own, and its message then speaks of the authentication, not of the password.
# Seen:      basic:  1 request with a password, then 401
#            digest: 6 requests with a password, then 401
# One would have guessed one try for either. Cameras and routers lock an account after three to five wrong passwords:
# a handler that is derived from HTTPDigestAuthHandler can stop where the request has the header already and the answer
# isn't `stale=true`. This script fails when the behaviour changes.
set -euo pipefail

python3 - <<'PYTHON'
import sys
import threading
import urllib.error
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    ProxyHandler,
    build_opener,
)

WANTED = {
    "basic": 'Basic realm="camera"',
    "digest": 'Digest realm="camera", nonce="abc", qop="auth", algorithm=MD5',
}
sent = {"basic": 0, "digest": 0}


class Camera(BaseHTTPRequestHandler):
    """Knows nobody."""

    def do_GET(self) -> None:
        scheme = self.path.strip("/")
        sent[scheme] += "Authorization" in self.headers
        self.send_response(401)
        self.send_header("WWW-Authenticate", WANTED[scheme])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


server = HTTPServer(("127.0.0.1", 0), Camera)
threading.Thread(target=server.serve_forever, daemon=True).start()
place = f"http://127.0.0.1:{server.server_port}/"
passwords = HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, place, "user", "wrong")
for scheme, handler in (("basic", HTTPBasicAuthHandler), ("digest", HTTPDigestAuthHandler)):
    try:
        build_opener(ProxyHandler({}), handler(passwords)).open(place + scheme, timeout=10)
    except urllib.error.HTTPError as error:
        print(f"{scheme + ':':7} {sent[scheme]} with a password, then {error.code}: {error.reason}")
        error.close()
server.shutdown()
if sent != {"basic": 1, "digest": 6}:
    sys.exit("The behaviour has changed.")
print("as before")
PYTHON
