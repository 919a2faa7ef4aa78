"""Holds: cases that are kept beyond their time, since a court or a law wants them.

Two people put a hold on a case, and take it off: one who protects privacy and one who approves. The first
asks, the second confirms. What was asked for holds at once, for some days, since what is erased is gone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from regard.errors import AccessDeniedException, ConflictException, InvalidParameterException
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import case_holds as table
from regard.storage.schema import cases

ROLES: Final = ("privacy", "approver")
"""The roles of the two people."""

_ASKED_DAYS: Final = 14
_DAY: Final = 24 * 3_600_000


class HoldState(StrEnum):
    """Where a hold stands; a case without any has none."""

    ASKED = "ASKED"
    HELD = "HELD"
    RELEASING = "RELEASING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold on a case; times are milliseconds since the epoch, and people are named by their ids.

    `asked_by` is who asked for the present step, as `asked_as`, one of `ROLES`.
    """

    case_id: str
    state: str
    basis: str
    until: int | None
    asked: int
    asked_by: str
    asked_as: str
    confirmed: int | None = None
    confirmed_by: str | None = None

    def holds(self, now: int) -> bool:
        """Whether the case must be kept at `now`."""
        if self.until is not None and self.until <= now:
            return False
        return self.state != HoldState.ASKED or now < self.asked + _ASKED_DAYS * _DAY


class CaseHolds:
    """The holds of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, case_id: str) -> Hold | None:
        """The hold on a case, or None."""
        with self._database.read() as connection:
            return find_hold(connection, case_id)

    def on(self, case_ids: Collection[str]) -> dict[str, Hold]:
        """The holds on some cases, by these; those without one are left out."""
        query = select(table).where(table.c.case_id.in_(case_ids))
        with self._database.read() as connection:
            return {row["case_id"]: Hold(**row) for row in connection.execute(query).mappings()}

    def ask(
        self, case_id: str, basis: str, until: int | None, person_id: str, roles: Collection[str]
    ) -> Hold | None:
        """Asks that a case be kept, or confirms what another person has asked for.

        Raises ConflictException where it is held or asked for by the same side, or purged,
        InvalidParameterException for a hold that would be over, and AccessDeniedException for somebody in
        neither role.
        """
        side, now = _side(roles), milliseconds()
        if until is not None and until <= now:
            raise InvalidParameterException("Until lies in the past; name when the hold is to end.")
        with self._database.write() as connection:
            _lock(connection, case_id)
            present = find_hold(connection, case_id)
            if present is None or not present.holds(now):  # what is over, or was never confirmed
                connection.execute(delete(table).where(table.c.case_id == case_id))
                new = Hold(
                    case_id=case_id,
                    state=HoldState.ASKED.value,
                    basis=basis,
                    until=until,
                    asked=now,
                    asked_by=person_id,
                    asked_as=side[0],
                )
                connection.execute(insert(table).values(asdict(new)))
            elif present.state == HoldState.HELD:
                raise ConflictException(f"The case {case_id} is on hold already.")
            else:
                if present.state == HoldState.ASKED:
                    _check_other(present, person_id, side)
                _become(connection, case_id, HoldState.HELD, confirmed_by=person_id)
            return find_hold(connection, case_id)

    def release(self, case_id: str, person_id: str, roles: Collection[str]) -> Hold | None:
        """Asks that a case be kept no longer, or confirms it; None once the hold is gone.

        A hold that nobody has confirmed yet is taken back at once. Raises as `ask` does.
        """
        side = _side(roles)
        with self._database.write() as connection:
            _lock(connection, case_id)
            present = find_hold(connection, case_id)
            if present is None:
                raise ConflictException(f"The case {case_id} is not on hold.")
            if present.state == HoldState.HELD:
                _become(
                    connection,
                    case_id,
                    HoldState.RELEASING,
                    asked=milliseconds(),
                    asked_by=person_id,
                    asked_as=side[0],
                )
                return find_hold(connection, case_id)
            if present.state == HoldState.RELEASING:
                _check_other(present, person_id, side)
            connection.execute(delete(table).where(table.c.case_id == case_id))
            return None


def find_hold(connection: Connection, case_id: str) -> Hold | None:
    """The hold on a case as a transaction sees it, or None."""
    row = connection.execute(select(table).where(table.c.case_id == case_id)).mappings().first()
    return None if row is None else Hold(**row)


def _lock(connection: Connection, case_id: str) -> None:
    """Keeps the purge from a case until the transaction ends. Raises ConflictException for a purged one."""
    query = select(cases.c.purged).where(cases.c.case_id == case_id).with_for_update()
    if connection.execute(query).scalar_one() is not None:
        raise ConflictException(f"The case {case_id} is purged: there is nothing left to keep.")


def _side(roles: Collection[str]) -> list[str]:
    side = [role for role in ROLES if role in roles]
    if not side:
        raise AccessDeniedException(f"It takes the role {' or '.join(ROLES)} to hold a case.")
    return side


def _check_other(present: Hold, person_id: str, side: Collection[str]) -> None:
    """Raises ConflictException unless another person, in the other role, confirms."""
    (other,) = (role for role in ROLES if role != present.asked_as)
    if person_id == present.asked_by or other not in side:
        raise ConflictException(
            f"{present.asked_by} asked for that as {present.asked_as}; another person confirms it as {other}."
        )


def _become(connection: Connection, case_id: str, state: HoldState, **values: int | str) -> None:
    confirmed = {"confirmed": milliseconds()} if "confirmed_by" in values else {}
    connection.execute(
        update(table).where(table.c.case_id == case_id).values(state=state.value, **confirmed, **values)
    )
