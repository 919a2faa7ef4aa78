"""Cases: why a search is made, said before it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select, update

from regard.errors import ConflictException, ResourceNotFoundException
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.numbering import next_id
from regard.storage.schema import cases as table

ATTESTATIONS: Final = ("NO_PROTECTED_TRAIT", "NO_LAWFUL_ASSEMBLY", "NO_SKETCH", "EDITS_LISTED")
"""What whoever opens a case attests: nobody is searched for what they are, believe, or where they lawfully
assembled; no probe is drawn or composed; every edit of a probe is listed."""

_LISTS: Final = ("attested", "edits", "members")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to be opened.

    `basis` is the ground in law, `edits` what is changed in probes, in words; `members` are the ids of the
    people who work on it. `channel` is whom to tell of what its reviews come to, an SNS topic's ARN or a URL;
    `channel_key` is the id of the key that signs for it.
    """

    reference: str
    purpose: str
    basis: str
    justification: str
    attested: Sequence[str]
    members: Sequence[str]
    offence: str | None = None
    edits: Sequence[str] = ()
    channel: str | None = None
    channel_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; times are milliseconds since the epoch, and people are named by their ids.

    `reference` is the number that the agency itself gave it. `closed` is None while it is open, `purged`
    while what it said is kept. `urgent` is since when its reviews go first, None where they wait their turn;
    `urgent_by` and `urgent_for` say who marked it so, or took that back, and why. `channel` and `channel_key`
    as in `NewCase`.
    """

    case_id: str
    reference: str
    purpose: str
    basis: str
    offence: str | None
    justification: str
    attested: tuple[str, ...]
    edits: tuple[str, ...]
    members: tuple[str, ...]
    opened: int
    opened_by: str
    closed: int | None = None
    closed_by: str | None = None
    closed_for: str | None = None
    purged: int | None = None
    channel: str | None = None
    channel_key: str | None = None
    urgent: int | None = None
    urgent_by: str | None = None
    urgent_for: str | None = None


class Cases:
    """The cases of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, new: NewCase, opened_by: str) -> Case:
        """Opens a case."""
        now = milliseconds()
        with self._database.write() as connection:
            case = Case(
                case_id=next_id(connection, "C", now),
                reference=new.reference,
                purpose=new.purpose,
                basis=new.basis,
                offence=new.offence,
                justification=new.justification,
                attested=tuple(new.attested),
                edits=tuple(new.edits),
                members=tuple(dict.fromkeys([opened_by, *new.members])),
                opened=now,
                opened_by=opened_by,
                channel=new.channel,
                channel_key=new.channel_key,
            )
            row = {column.name: getattr(case, column.name) for column in table.columns}
            connection.execute(insert(table).values(row | {name: json.dumps(row[name]) for name in _LISTS}))
        return case

    def find(self, case_id: str) -> Case | None:
        """A case by its id, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.case_id == case_id)).mappings().first()
        return None if row is None else _case(row)

    def all(self) -> list[Case]:
        """Every case, in the order they were opened."""
        query = select(table).order_by(table.c.opened, table.c.case_id)
        with self._database.read() as connection:
            return [_case(row) for row in connection.execute(query).mappings()]

    def set_channel(self, case_id: str, channel: str | None, key_id: str) -> Case:
        """Says whom to tell from now on of what the case's reviews come to; None is nobody.

        Raises ResourceNotFoundException.
        """
        values = {"channel": channel, "channel_key": None if channel is None else key_id}
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.case_id == case_id).values(values))
        case = self.find(case_id)
        if case is None:
            raise case_not_found(case_id)
        return case

    def close(self, case_id: str, closed_by: str, reason: str) -> Case:
        """Closes a case: nothing is searched on it any more.

        Raises ConflictException for one that is closed already, and ResourceNotFoundException.
        """
        with self._database.write() as connection:
            done = connection.execute(
                update(table)
                .where(table.c.case_id == case_id, table.c.closed.is_(None))
                .values(closed=milliseconds(), closed_by=closed_by, closed_for=reason)
            ).rowcount
        case = self.find(case_id)
        if case is None:
            raise case_not_found(case_id)
        if not done:
            raise ConflictException(f"The case {case_id} is closed already.")
        return case


def case_not_found(case_id: str) -> ResourceNotFoundException:
    """What is answered for a case that there isn't, or that is not the caller's to know."""
    return ResourceNotFoundException(f"There is no case {case_id[:80]} that you work on.")


def _case(row: Any) -> Case:
    return Case(**{**row, **{name: tuple(json.loads(row[name])) for name in _LISTS}})
