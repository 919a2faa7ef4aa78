"""Access keys: who may sign requests, in which role, under which policy."""

from __future__ import annotations

import json
import os
import secrets
import string
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from regard.errors import RegardError
from regard.storage.database import Database
from regard.storage.schema import keys

_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `suspended` is in milliseconds since the epoch, or None while the key may be used."""

    key_id: str
    secret: str
    name: str
    role: str
    purpose: str
    policy: dict[str, Any] | None
    created: int
    suspended: int | None

    def __repr__(self) -> str:
        return f"Key({self.key_id}, {self.name}, {self.role})"  # never the secret


class KeyStore:
    """Keys in the database. Every look-up reads it, so that a suspension holds from the next request on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, role: str, *, purpose: str = "general", policy: dict[str, Any] | None = None
    ) -> Key:
        """A new key with random id and secret. Raises RegardError when the name is taken."""
        key = Key(
            key_id="RGRD" + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
            secret=secrets.token_urlsafe(30),
            name=name,
            role=role,
            purpose=purpose,
            policy=policy,
            created=time.time_ns() // 1_000_000,
            suspended=None,
        )
        row = {
            "key_id": key.key_id,
            "secret": key.secret,
            "name": name,
            "role": role,
            "purpose": purpose,
            "policy": None if policy is None else json.dumps(policy),
            "created": key.created,
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(keys).values(row))
        except IntegrityError as error:
            raise RegardError(f"There is a key named {name} already; choose another name.") from error
        return key

    def find(self, key_id: str) -> Key | None:
        with self._database.read() as connection:
            row = connection.execute(select(keys).where(keys.c.key_id == key_id)).mappings().first()
        return None if row is None else _key(dict(row))

    def all(self) -> list[Key]:
        """Every key, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created, keys.c.key_id)).mappings().all()
        return [_key(dict(row)) for row in rows]

    def suspend(self, key_id: str, *, suspended: bool = True) -> None:
        """Stops a key at once, or lets it be used again. Raises RegardError when there is no such key."""
        moment = time.time_ns() // 1_000_000 if suspended else None
        with self._database.write() as connection:
            done = connection.execute(
                update(keys).where(keys.c.key_id == key_id).values(suspended=moment)
            ).rowcount
        if not done:
            raise RegardError(f"There is no key {key_id}; `regard keys list` shows them.")

    def ensure_first(self, file: Path) -> bool:
        """Makes the first admin key and writes it to `file` in AWS's credentials format, mode 0600.

        Does nothing, and answers False, when there are keys already.
        """
        if self.all():
            return False
        try:
            key = self.create("admin", "admin")
        except RegardError:
            return False  # another process was faster
        write_credentials(file, key)
        return True


def write_credentials(file: Path, key: Key) -> None:
    """Writes an AWS shared-credentials file that only its owner can read; replaces what was there."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(f"[default]\naws_access_key_id = {key.key_id}\naws_secret_access_key = {key.secret}\n")
    draft.replace(file)


def _key(row: dict[str, Any]) -> Key:
    policy = row.pop("policy")
    return Key(**row, policy=None if policy is None else json.loads(policy))
