"""Access keys: who may sign requests, in which role, under which policy."""

from __future__ import annotations

import hmac
import json
import secrets
import string
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from regard.caller import Caller, Person
from regard.errors import RegardError
from regard.governance.credentials import write_credentials
from regard.governance.people import read_person
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.durable_files import sync_folder
from regard.storage.schema import keys, people

# Built once: every request asks twice, and building a statement costs more than running it.
_FIND = select(keys).where(keys.c.key_id == bindparam("key_id"))
_FIND_PERSON = select(people).where(people.c.person_id == bindparam("person_id"))
_ADMIN = "admin"  # the name of the key that the first start makes
_ALPHABET = string.ascii_uppercase + "234567"


class NameTaken(RegardError):
    """Another key has the name."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `suspended` is in milliseconds since the epoch, or None while the key may be used.

    `person` is whose it is, `case_id` the case that it was made for, `expires` until when; None for none.
    """

    key_id: str
    secret: str
    name: str
    role: str
    purpose: str
    policy: dict[str, Any] | None
    created: int
    suspended: int | None
    person: Person | None = None
    case_id: str | None = None
    expires: int | None = None

    @property
    def holder(self) -> Caller:
        """Whoever calls with it. A key stops with its person, and when they no longer hold its role."""
        stopped = self.person is not None and (
            self.person.suspended is not None or self.role not in self.person.roles
        )
        return Caller(
            self.key_id,
            self.name,
            self.role,
            self.policy,
            self.purpose,
            suspended=self.suspended is not None or stopped,
            person=self.person,
            case_id=self.case_id,
            expired=self.expires is not None and self.expires <= milliseconds(),
        )

    def __repr__(self) -> str:
        return f"Key({self.key_id}, {self.name}, {self.role})"  # never the secret


class KeyStore:
    """Keys in the database. Every look-up reads it, so that a suspension holds from the next request on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        role: str,
        *,
        purpose: str = "general",
        policy: dict[str, Any] | None = None,
        person: Person | None = None,
        case_id: str | None = None,
        expires: int | None = None,
    ) -> Key:
        """A new key with random id and secret. Raises RegardError when the name is taken."""
        key = replace(_new_key(name, role, purpose, policy), person=person, case_id=case_id, expires=expires)
        self._store(key)
        return key

    def _store(self, key: Key) -> None:
        row = {
            "key_id": key.key_id,
            "secret": key.secret,
            "name": key.name,
            "role": key.role,
            "purpose": key.purpose,
            "policy": None if key.policy is None else json.dumps(key.policy),
            "created": key.created,
            "person_id": None if key.person is None else key.person.person_id,
            "case_id": key.case_id,
            "expires": key.expires,
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(keys).values(row))
        except IntegrityError as error:
            raise NameTaken(f"There is a key named {key.name} already; choose another name.") from error

    def find(self, key_id: str) -> Key | None:
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"key_id": key_id}).first()
            if row is None:
                return None
            owner = None
            if row.person_id is not None:  # no other table is read for a key that is nobody's
                owner = connection.execute(_FIND_PERSON, {"person_id": row.person_id}).first()
        return _key(row, None if owner is None else read_person(owner))

    def shown(self, key_id: str, secret: str) -> Key | None:
        """The key, to who shows its secret; None where it is another's, or there is no such key."""
        key = self.find(key_id)
        right = key is not None and hmac.compare_digest(key.secret.encode(), secret.encode())
        return key if right else None

    def all(self) -> list[Key]:
        """Every key, the oldest first."""
        query = select(keys).order_by(keys.c.created, keys.c.key_id)
        with self._database.read() as connection:
            owners = {row.person_id: read_person(row) for row in connection.execute(select(people))}
            rows = connection.execute(query).all()
        return [_key(row, owners.get(row.person_id)) for row in rows]

    def suspend(self, key_id: str, *, suspended: bool = True) -> None:
        """Stops a key at once, or lets it be used again. Raises RegardError when there is no such key."""
        moment = milliseconds() if suspended else None
        with self._database.write() as connection:
            done = connection.execute(
                update(keys).where(keys.c.key_id == key_id).values(suspended=moment)
            ).rowcount
        if not done:
            raise RegardError(f"There is no key {key_id}; `regard keys list` shows them.")

    def ensure_admin(self, file: Path, region: str = "us-east-1") -> Key | None:
        """Makes an admin key where there is none, and writes it to `file`; answers it, or None.

        Where there is no such file, the admin key that another server made is written to it, unless it was
        suspended; keys that people made are theirs. A file that is there stays, while there is an admin.
        The file is written before the key is stored: a crash in between leaves a file that the next start
        replaces, never a key that nobody knows. Raises RegardError when the file can't be written.
        """
        admins = [key for key in self.all() if key.role == "admin"]
        if not admins:
            made = _new_key(_ADMIN, "admin", "general", None)
            if self._hand_out(made, file, region, store=True):
                return made
            admins = [key for key in self.all() if key.role == "admin"]  # another process was faster
        first = next((key for key in admins if key.name == _ADMIN and key.suspended is None), None)
        if first is not None and not file.exists():
            self._hand_out(first, file, region, store=False)
        return None

    def _hand_out(self, key: Key, file: Path, region: str, *, store: bool) -> bool:
        """Writes the key to `file`, after it is stored if it is to be; False where its name is taken."""
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        write_credentials(draft, key.key_id, key.secret, region)
        try:
            if store:
                self._store(key)
            draft.replace(file)
            sync_folder(file.parent)
        except NameTaken:
            return False
        except OSError as error:
            raise RegardError(f"{file} can't be written ({error.strerror}); make room for it.") from error
        finally:
            draft.unlink(missing_ok=True)
        return True


def _new_key(name: str, role: str, purpose: str, policy: dict[str, Any] | None) -> Key:
    return Key(
        key_id="RGRD" + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
        secret=secrets.token_urlsafe(30),
        name=name,
        role=role,
        purpose=purpose,
        policy=policy,
        created=milliseconds(),
        suspended=None,
    )


def _key(row: Row[Any], person: Person | None) -> Key:
    return Key(
        key_id=row.key_id,
        secret=row.secret,
        name=row.name,
        role=row.role,
        purpose=row.purpose,
        policy=None if row.policy is None else json.loads(row.policy),
        created=row.created,
        suspended=row.suspended,
        person=person,
        case_id=row.case_id,
        expires=row.expires,
    )
