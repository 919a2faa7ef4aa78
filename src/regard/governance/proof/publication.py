"""Publishing sealed days elsewhere: each at least once, in their order."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Protocol

from sqlalchemy import insert, select, update

from regard.governance.proof.seals import Seals
from regard.storage.database import Database
from regard.storage.schema import audit_anchors, audit_timestamps

_PAGE = 100


class PublicPlace(Protocol):
    """Where they are published."""

    @property
    def place(self) -> str:
        """Tells places apart, in 64 characters."""
        ...

    def publish(self, text: str, signed: bytes, /) -> bytes | None:
        """Takes a line, or stamps `signed` and answers the time-stamp. Raises RegardError."""
        ...


class Publication:
    """How far the sealed days are published in one place, for all servers of a database."""

    def __init__(self, database: Database, seals: Seals, place: PublicPlace) -> None:
        self._database = database
        self._seals = seals
        self._place = place

    def publish_due(self) -> int:
        """Publishes what was sealed since; answers how many days. Raises RegardError for one not taken."""
        published = 0
        with self._database.hold("audit anchor"):
            while due := self._seals.page(after=self._position(), limit=_PAGE):
                for day in due:
                    token = self._place.publish(json.dumps(asdict(day)), day.signed)
                    self._move(day.day, token)
                    published += 1
        return published

    def _position(self) -> str:
        query = select(audit_anchors.c.day).where(audit_anchors.c.anchor == self._place.place)
        with self._database.read() as connection:
            return connection.execute(query).scalar() or ""

    def _move(self, day: str, token: bytes | None) -> None:
        here = audit_anchors.c.anchor == self._place.place
        with self._database.write() as connection:
            if token is not None:
                stamp = {"day": day, "anchor": self._place.place, "token": token}
                connection.execute(insert(audit_timestamps).values(stamp))
            if not connection.execute(update(audit_anchors).where(here).values(day=day)).rowcount:
                connection.execute(insert(audit_anchors).values(anchor=self._place.place, day=day))
