"""What people were trained in: who may search, and who may rate what was found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select

from regard.caller import Person
from regard.errors import InvalidParameterException
from regard.storage.clock import is_to_come, milliseconds
from regard.storage.database import Database
from regard.storage.numbering import next_id
from regard.storage.schema import training as table

SEARCH: Final = "search"
REVIEW: Final = "review"
KINDS: Final = (SEARCH, REVIEW)

TOPICS: Final = ("LIMITATIONS", "INTERPRETATION", "HUMAN_REVIEW")
"""What a training covers: what face search can and can't do; how its output is read and acted on; that people
decide (RCW 43.386.060)."""

_DAY: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """One training of one person; times are milliseconds since the epoch.

    It is valid from `recorded` on, never from before, until `until`. `document` is the SHA-256, hex, of the
    certificate, or None. `recorded_by` is the id of the person who recorded it, or `local`.
    """

    training_id: str
    person_id: str
    kind: str
    topics: tuple[str, ...]
    course: str
    completed: int
    until: int
    document: str | None
    recorded: int
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTraining:
    """A training to be recorded; `until` is None for as long as the rules allow."""

    kind: str
    topics: Sequence[str]
    course: str
    completed: int
    until: int | None = None
    document: str | None = None


class Trainings:
    """The trainings of one database. None is ever changed."""

    def __init__(self, database: Database, days: int) -> None:
        """A training is good for `days` after it was completed, at most."""
        self._database = database
        self._length = days * _DAY

    def record(self, person: Person, new: NewTraining, recorded_by: str) -> TrainingRecord:
        """Records what somebody was trained in. Raises InvalidParameterException for what can't be."""
        missing = [topic for topic in TOPICS if topic not in new.topics]
        if missing:
            raise InvalidParameterException(
                f"A training covers {', '.join(TOPICS)}; {missing[0]} is missing."
            )
        now = milliseconds()
        if is_to_come(new.completed, now):
            raise InvalidParameterException("Completed lies in the future; record a training after its end.")
        until = min(
            new.completed + self._length, new.completed + self._length if new.until is None else new.until
        )
        if until <= now:
            raise InvalidParameterException(
                f"A training is good for {self._length // _DAY} days; that one is over, another is needed."
            )
        with self._database.write() as connection:
            made = TrainingRecord(
                training_id=next_id(connection, "T", now),
                person_id=person.person_id,
                kind=new.kind,
                topics=tuple(topic for topic in TOPICS if topic in new.topics),
                course=new.course,
                completed=new.completed,
                until=until,
                document=new.document,
                recorded=now,
                recorded_by=recorded_by,
            )
            connection.execute(insert(table).values(_row(made)))
        return made

    def of(self, person_id: str) -> list[TrainingRecord]:
        """All of somebody's trainings, the oldest first."""
        query = (
            select(table)
            .where(table.c.person_id == person_id)
            .order_by(table.c.recorded, table.c.training_id)
        )
        with self._database.read() as connection:
            return [_training(row) for row in connection.execute(query).mappings()]

    def valid(self, person_id: str, kind: str) -> TrainingRecord | None:
        """A training of that kind that is valid now, the one that lasts longest; None where there is none."""
        now = milliseconds()
        query = (
            select(table)
            .where(
                table.c.person_id == person_id,
                table.c.kind == kind,
                table.c.recorded <= now,
                table.c.until > now,
            )
            .order_by(table.c.until.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _training(row)


def _row(one: TrainingRecord) -> dict[str, Any]:
    values = {column.name: getattr(one, column.name) for column in table.columns}
    return values | {"topics": json.dumps(one.topics)}


def _training(row: Any) -> TrainingRecord:
    return TrainingRecord(**{**row, "topics": tuple(json.loads(row["topics"]))})
