"""An authenticator made of Python: what browsers send for a passkey, and what attackers would instead."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "http://localhost:8090"
_PRESENT, _VERIFIED, _WITH_KEY = 0x01, 0x04, 0x40


def _b64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One with one passkey, on P-256, which knows its person unless told otherwise."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.handle = ""
        self.count = 0

    def make(self, options: Mapping[str, Any], *, origin: str = ORIGIN, verified: bool = True) -> str:
        """What `navigator.credentials.create` comes to."""
        self.handle = options["user"]["id"]
        point = self._key.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        data = self._data(options["rp"]["id"], verified, _WITH_KEY) + attested
        response = {
            "clientDataJSON": self._client("webauthn.create", options, origin),
            "attestationObject": _b64(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return self._credential(response)

    def sign(
        self,
        options: Mapping[str, Any],
        *,
        origin: str = ORIGIN,
        domain: str | None = None,
        verified: bool = True,
        handle: str | None = None,
    ) -> str:
        """What `navigator.credentials.get` comes to."""
        self.count += 1
        data = self._data(domain or options["rpId"], verified, 0)
        client = self._client("webauthn.get", options, origin)
        signed = data + hashlib.sha256(_bytes(client)).digest()
        response = {
            "clientDataJSON": client,
            "authenticatorData": _b64(data),
            "signature": _b64(self._key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.handle if handle is None else handle,
        }
        return self._credential(response)

    def _data(self, domain: str, verified: bool, more: int) -> bytes:
        flags = _PRESENT | more | (_VERIFIED if verified else 0)
        return hashlib.sha256(domain.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, kind: str, options: Mapping[str, Any], origin: str) -> str:
        told = {"type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": False}
        return _b64(json.dumps(told).encode())

    def _credential(self, response: Mapping[str, Any]) -> str:
        name = _b64(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
