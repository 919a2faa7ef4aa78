"""A real gate's log of some acts, and the replay of whatever became of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.postgres import Place
from tests.tampering import drop_triggers, rechain

from regard.app import Parts, build, declared_operations
from regard.caller import LOCAL, Caller
from regard.errors import ServiceError
from regard.governance.rules.replay import Replay
from regard.governance.rules.rule import Violation
from regard.governance.rules.sources import records_within
from regard.governance.rules.tables import unexplained
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.schema import audit

Change = Callable[[dict[str, Any]], None]


def arn(collection: str) -> str:
    return f"arn:aws:rekognition:us-east-1:000000000000:collection/{collection}"


class Installation:
    """What an operator has done, and what an attacker makes of it."""

    def __init__(self, parts: Parts, database: Database) -> None:
        self.parts = parts
        self.database = database

    def call(self, operation: str, caller: Caller = LOCAL, **params: Any) -> dict[str, Any]:
        return self.parts.gate.call(operation, params, caller)

    def refused(self, operation: str, caller: Caller = LOCAL, **params: Any) -> None:
        with suppress(ServiceError):
            self.call(operation, caller, **params)
            raise AssertionError(f"{operation} was not refused")

    def key(self, name: str, role: str, **more: Any) -> Caller:
        made = self.call("create_key", Name=name, Role=role, **more)
        return self.caller(made["KeyId"])

    def caller(self, key_id: str) -> Caller:
        """The key as it is now."""
        found = self.parts.keys.find(key_id)
        assert found is not None
        return found.holder

    def newest(self) -> int:
        return self.parts.audit.newest().sequence

    def forge(self, sequence: int, change: Change) -> None:
        """Changes a record, and every hash from there on, so that the chain holds."""
        with self.database.write() as connection:
            drop_triggers(connection)
            here = audit.c.sequence == sequence
            record = json.loads(connection.execute(select(audit.c.record).where(here)).scalar_one())
            change(record)
            text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            connection.execute(update(audit).where(here).values(record=text))
        rechain(self.database)

    def violations(self, known: str | None = None) -> list[Violation]:
        replay = Replay(declared_operations(), known=known)
        with self.database.read() as connection:
            for record in records_within(connection):
                replay.take(record)
        return replay.end()

    def broken(self) -> dict[int, str]:
        """The rules that are broken, by their records."""
        return {one.sequence: one.rule for one in self.violations()}

    def unexplained(self) -> list[str]:
        replay = Replay(declared_operations())
        with self.database.read() as connection:
            for record in records_within(connection):
                replay.take(record)
            return list(unexplained(connection, replay.state))


@pytest.fixture
def installation(place: Place) -> Iterator[Installation]:
    """A database of either kind; no model is needed."""
    folder = place.folder.parent / "films"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(b"never opened")
    settings = Settings.load({}, data=place.folder, database=place.url, buckets=f"films={folder}")
    parts = build(settings, has_models=False)
    yield Installation(parts, place.open())
    parts.close()
