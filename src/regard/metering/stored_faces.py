"""Quotas on faces that are stored: who enrolled which, counted in the transaction that enrols more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from regard.caller import LOCAL, Caller
from regard.errors import ServiceQuotaExceededException
from regard.metering.face_counts import count_stored
from regard.metering.quotas import Limit, Quotas
from regard.storage.database import Database
from regard.storage.schema import enrollers
from regard.storage.schema import quotas as quota_table


@dataclass(frozen=True, slots=True)
class Enroller:
    """Who enrols faces. `row` is theirs in the table; `limited` are those of their ids that have a quota."""

    row: int
    limited: Sequence[str]

    def check(self, connection: Connection, more: int) -> None:
        """Raises ServiceQuotaExceededException where so many faces more would be beyond a quota.

        It is asked in the transaction that stores them, and keeps others of the same quota waiting until
        that ends, so that two can't pass together.
        """
        if not self.limited or not more:
            return
        query = (
            select(quota_table.c.holder, quota_table.c.amount)
            .where(quota_table.c.holder.in_(self.limited), quota_table.c.quota == Limit.FACES.name)
            .order_by(quota_table.c.holder)
            .with_for_update()
        )
        for holder, amount in connection.execute(query).all():
            if count_stored(connection, holder) + more > amount:
                raise ServiceQuotaExceededException(
                    f"{holder} has used its quota of {Limit.FACES} up; erase faces, or ask whoever manages "
                    "keys for more."
                )


class Enrollers:
    """The enrollers of one database. Thread-safe."""

    def __init__(self, database: Database, quotas: Quotas) -> None:
        self._database = database
        self._quotas = quotas
        self._rows: dict[tuple[str, str], int] = {}  # which never change

    def of(self, caller: Caller) -> Enroller | None:
        """Who a caller is as an enroller; None for the owner of the data folder, who has no quota."""
        if caller.key_id == LOCAL.key_id:
            return None
        who = (caller.key_id, caller.person_id or "")
        row = self._rows.get(who)
        if row is None:
            row = self._rows[who] = self._found(*who)
        return Enroller(row, self._quotas.limited(caller, Limit.FACES))

    def _found(self, key_id: str, person_id: str) -> int:
        """Their row, which is made if there is none."""
        query = select(enrollers.c.row).where(
            enrollers.c.key_id == key_id, enrollers.c.person_id == person_id
        )
        made = insert(enrollers).values(key_id=key_id, person_id=person_id).returning(enrollers.c.row)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            try:
                with self._database.write() as connection:
                    found = connection.execute(made).scalar_one()
            except IntegrityError:  # another server was here
                with self._database.read() as connection:
                    found = connection.execute(query).scalar_one()
        return int(found)
