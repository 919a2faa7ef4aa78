"""What stream processors saw: kept with its notices and its record in one transaction, for some days."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select, update

from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import stream_events as table
from regard.storage.schema import stream_notices, stream_processors, stream_sightings
from regard.streams.leases import StreamLease, StreamLeases
from regard.streams.records import StreamProcessor

_DAY: Final = 24 * 60 * 60 * 1000
_PRUNED: Final = 500  # at a time, so that nobody waits long


class EventKind(StrEnum):
    """What happened."""

    FACE_MATCHED = "FACE_MATCHED"
    LABEL_DETECTED = "LABEL_DETECTED"
    SOURCE_LOST = "SOURCE_LOST"
    SOURCE_BACK = "SOURCE_BACK"
    COMPLETE = "STREAM_PROCESSING_COMPLETE"
    INTERRUPTED = "INTERRUPTED"


class EventPicture(StrEnum):
    """A picture of an event: the whole frame, or what it shows of the person or the object."""

    FRAME = "frame"
    CROP = "crop"


Within = Callable[[Connection], None]
"""Writes with an event, in its transaction, or raises what forbids to keep it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What is decided in an event's transaction: members more of its `body`, and of what is `told` of it."""

    body: Mapping[str, Any]
    told: Mapping[str, Any]


Settle = Callable[[Connection], Settled | None]
"""Decides something of an event in its transaction; None where there is to be no event, nor a trace of it."""


class _NothingToKeep(Exception):
    """Ends a transaction of which nothing is to be left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """Something that a processor saw. `at` is in milliseconds since the epoch; `body` is JSON-able.

    `subject` is whom an alert is about, `user/ID` or `face/ID`, None for what is about nobody: see
    `StreamEvents.commit`. `crop` and `frame` are JPEGs.
    """

    kind: EventKind
    at: int
    body: Mapping[str, Any]
    subject: str | None = None
    crop: bytes | None = field(default=None, repr=False)
    frame: bytes | None = field(default=None, repr=False)
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStreamNotice:
    """What is to be told of an event: `message` to `channel`, an SNS topic's ARN or a URL."""

    channel: str
    message: str

    def with_members(self, members: Mapping[str, Any]) -> NewStreamNotice:
        """The same message, a JSON object, with some members more."""
        return replace(self, message=json.dumps({**json.loads(self.message), **members}))


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """An event as the database has it; times are milliseconds since the epoch.

    `processor` is the row of the processor that saw it, which may be gone, `name` its name. `purpose` and
    `authorization_id` are those of its session. `pictures` are those that there are of it.
    """

    row: int
    event_id: str
    processor: int
    name: str
    session: str
    kind: EventKind
    at: int
    subject: str | None
    body: Mapping[str, Any]
    pictures: frozenset[EventPicture]
    collection_id: str | None
    purpose: str
    authorization_id: str | None
    expires: int


_SHOWN: Final = [
    *(column for column in table.columns if column.name not in (EventPicture.FRAME, EventPicture.CROP)),
    *(table.c[one].is_not(None).label(one) for one in (EventPicture.FRAME, EventPicture.CROP)),
]


class StreamEvents:
    """The events of one database, kept for `days`.

    `quiet_seconds` is for how long somebody must be unseen before there is another alert about them.
    """

    def __init__(
        self,
        database: Database,
        cipher: Cipher,
        *,
        quiet_seconds: float = 300,
        days: float = 7,
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self.database = database
        self._cipher = cipher
        self._quiet = round(quiet_seconds * 1000)
        self._kept = round(days * _DAY)
        self._clock = clock

    def commit(
        self,
        leases: StreamLeases,
        lease: StreamLease,
        new: NewEvent,
        notices: Sequence[NewStreamNotice] = (),
        *,
        within: Sequence[Within] = (),
        kept: int | None = None,
        settle: Settle | None = None,
    ) -> StreamEvent | None:
        """Keeps an event, what is told of it, and what `within` writes (the audit record): all, or nothing.

        Of an event about somebody there is one alert a sighting: None, and nothing is kept but that they were
        seen, where the last is less than the quiet time ago, by whatever worker. `kept` is for how many
        milliseconds it is kept in place of the setting; `settle` adds to its body and to its notices, and
        where it gives None nothing is kept at all. Raises LeaseLost, and whatever `within` and `settle`
        raise.
        """
        turn = Turn.AUDIT if within or settle else None
        with suppress(_NothingToKeep), self.database.write(turn=turn) as connection:
            leases.hold(connection, lease)
            if new.subject is not None and not self._is_new(connection, lease, new.subject, new.at):
                return None
            if settle is not None:
                new, notices = _settled(settle, connection, new, notices)
            made = self._insert(connection, lease, new, notices, self._kept if kept is None else kept)
            for write in within:
                write(connection)
            return made
        return None

    def seen(self, leases: StreamLeases, lease: StreamLease, subjects: Mapping[str, int]) -> None:
        """Notes when people were last seen whom an alert is about, by subject; milliseconds since the epoch.

        Others are passed over. Raises LeaseLost.
        """
        if not subjects:
            return
        with self.database.write() as connection:
            leases.hold(connection, lease)
            for subject, at in subjects.items():
                later = update(stream_sightings).where(*_of(lease, subject), stream_sightings.c.seen < at)
                connection.execute(later.values(seen=at))

    def find(self, event_id: str) -> StreamEvent | None:
        """The event of that id, or None where there is none, or its time is over."""
        with self.database.read() as connection:
            query = select(*_SHOWN).where(table.c.event_id == event_id, table.c.expires > self._clock())
            row = connection.execute(query).mappings().first()
        return None if row is None else _event(row)

    def page(
        self, *, name: str | None = None, before: int | None = None, limit: int, kind: str | None = None
    ) -> list[StreamEvent]:
        """Events, the newest first: those below the row `before`, of one processor's name or of all."""
        query = select(*_SHOWN).where(table.c.expires > self._clock())
        if name is not None:
            query = query.where(table.c.name == name)
        if kind is not None:
            query = query.where(table.c.kind == kind)
        if before is not None:
            query = query.where(table.c.row < before)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(table.c.row.desc()).limit(limit)).mappings()
            return [_event(row) for row in rows]

    def alerts(self, *, limit: int, behind: int | None = None) -> list[tuple[int, str, str]]:
        """Sightings of all processors: row, event's id, processor's name. The newest first, or, the oldest
        first, those behind the row `behind`.
        """
        query = select(table.c.row, table.c.event_id, table.c.name).where(
            table.c.kind.in_((EventKind.FACE_MATCHED, EventKind.LABEL_DETECTED)),
            table.c.expires > self._clock(),
        )
        if behind is None:
            query = query.order_by(table.c.row.desc())
        else:
            query = query.where(table.c.row > behind).order_by(table.c.row)
        with self.database.read() as connection:
            return [(row.row, row.event_id, row.name) for row in connection.execute(query.limit(limit))]

    def alerting(self, *, behind: int = 0) -> list[str]:
        """The names of the processors of those sightings."""
        query = select(table.c.name).where(*self._alerts(behind)).distinct()
        with self.database.read() as connection:
            return list(connection.execute(query).scalars())

    def newest_alerts(
        self, *, limit: int, behind: int = 0, names: Sequence[str] | None = None
    ) -> list[StreamEvent]:
        """Those sightings themselves, the newest first; those behind the row `behind` alone, and of the
        processors `names` alone where there are such.
        """
        query = select(*_SHOWN).where(*self._alerts(behind))
        if names is not None:
            query = query.where(table.c.name.in_(names))
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(table.c.row.desc()).limit(limit)).mappings()
            return [_event(row) for row in rows]

    def _alerts(self, behind: int) -> tuple[ColumnElement[bool], ...]:
        return (
            table.c.kind.in_((EventKind.FACE_MATCHED, EventKind.LABEL_DETECTED)),
            table.c.expires > self._clock(),
            table.c.row > behind,
        )

    def count(self, processor: StreamProcessor, kind: EventKind, since: int) -> int:
        """How many events of a kind are kept of a processor since a time, in milliseconds since the epoch."""
        query = select(func.count()).where(
            table.c.name == processor.name,
            table.c.processor == processor.row,
            table.c.kind == kind.value,
            table.c.at >= since,
            table.c.expires > self._clock(),
        )
        with self.database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def picture(self, event: StreamEvent, still: EventPicture) -> bytes | None:
        """A picture of an event, a JPEG, or None where there is none. Raises RegardError for a lost key."""
        with self.database.read() as connection:
            query = select(table.c[still]).where(table.c.row == event.row, table.c.expires > self._clock())
            encrypted = connection.execute(query).scalar()
        return None if encrypted is None else self._cipher.decrypt(encrypted, _bound(event.event_id, still))

    def erase_authorized(self, authorization_id: str) -> int:
        """Erases what was seen under an authorization; answers how many events that were."""
        with self.database.write() as connection:
            found = table.c.authorization_id == authorization_id
            erased = connection.execute(delete(table).where(found)).rowcount
            of_streams = select(stream_processors.c.row).where(
                stream_processors.c.authorization_id == authorization_id
            )
            connection.execute(delete(stream_sightings).where(stream_sightings.c.processor.in_(of_streams)))
        self.database.forget()
        return erased

    def prune(self, now: int) -> int:
        """Removes events whose time is over, and sightings that say nothing any more; answers how many events
        were removed.
        """
        removed, more = 0, True
        while more:
            with self.database.write() as connection:
                old = select(table.c.row).where(table.c.expires <= now).limit(_PRUNED)
                rows = connection.execute(old).scalars().all()
                connection.execute(delete(table).where(table.c.row.in_(rows)))
            removed, more = removed + len(rows), len(rows) == _PRUNED
        gone = delete(stream_sightings).where(stream_sightings.c.seen <= now - self._quiet)
        with self.database.write() as connection:
            sightings = connection.execute(gone).rowcount
        if removed or sightings:
            self.database.forget()
        return removed

    def _insert(
        self,
        connection: Connection,
        lease: StreamLease,
        new: NewEvent,
        notices: Sequence[NewStreamNotice],
        kept: int,
    ) -> StreamEvent:
        connection.execute(insert(table).values(self._row_of(lease, new, kept)))
        made = _one(connection, table.c.event_id == new.event_id)
        starter = lease.processor.started_by or lease.processor.created_by
        for notice in notices:
            connection.execute(
                insert(stream_notices).values(
                    event=made.row,
                    channel=notice.channel,
                    message=notice.message,
                    key_id=starter.key_id,
                    next_try=self._clock(),
                )
            )
        return made

    def _is_new(self, connection: Connection, lease: StreamLease, subject: str, at: int) -> bool:
        """Whether somebody was unseen long enough for another alert; that they are seen is noted."""
        query = select(stream_sightings.c.seen).where(*_of(lease, subject))
        before = connection.execute(query).scalar()
        if before is None:
            row = {"processor": lease.row, "subject": subject, "seen": at}
            connection.execute(insert(stream_sightings).values(row))
            return True
        seen = max(before, at)
        connection.execute(update(stream_sightings).where(*_of(lease, subject)).values(seen=seen))
        return bool(at - before >= self._quiet)

    def _row_of(self, lease: StreamLease, new: NewEvent, kept: int) -> dict[str, Any]:
        processor = lease.processor
        pictures = {EventPicture.CROP: new.crop, EventPicture.FRAME: new.frame}
        return {
            "event_id": new.event_id,
            "processor": processor.row,
            "name": processor.name,
            "session": processor.session or "",
            "kind": new.kind.value,
            "at": new.at,
            "subject": new.subject,
            "body": json.dumps(new.body, allow_nan=False),
            "collection_id": processor.collection_id,
            "purpose": processor.purpose,
            "authorization_id": processor.authorization_id,
            "expires": self._clock() + kept,
            **{
                still.value: None
                if picture is None
                else self._cipher.encrypt(picture, _bound(new.event_id, still))
                for still, picture in pictures.items()
            },
        }


def _settled(
    settle: Settle, connection: Connection, new: NewEvent, notices: Sequence[NewStreamNotice]
) -> tuple[NewEvent, list[NewStreamNotice]]:
    """An event and its notices with what is decided of them. Raises _NothingToKeep."""
    settled = settle(connection)
    if settled is None:
        raise _NothingToKeep
    told = [one.with_members(settled.told) for one in notices]
    return replace(new, body={**new.body, **settled.body}), told


def _of(lease: StreamLease, subject: str) -> tuple[Any, ...]:
    return (stream_sightings.c.processor == lease.row, stream_sightings.c.subject == subject)


def _bound(event_id: str, still: EventPicture) -> str:
    """What the encryption of a picture is bound to."""
    return f"stream-event/{event_id}/{still.value}"


def _one(connection: Connection, condition: Any) -> StreamEvent:
    return _event(connection.execute(select(*_SHOWN).where(condition)).mappings().one())


def _event(row: RowMapping) -> StreamEvent:
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    pictures = frozenset(one for one in EventPicture if values.pop(one.value))
    values |= {"body": json.loads(values["body"]), "kind": EventKind(values["kind"])}
    return StreamEvent(pictures=pictures, **values)
