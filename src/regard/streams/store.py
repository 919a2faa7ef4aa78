"""The stream processors of one database: made, started, stopped, deleted. Who runs them: `leases.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, true, update

from regard.errors import (
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from regard.jobs.records import keep_caller
from regard.resources.tags import put_tags, remove_tags, tags_of
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import stream_processors as table
from regard.streams.leases import let_go
from regard.streams.records import (
    AT_WORK,
    IDLE,
    NewStream,
    StreamChange,
    StreamProcessor,
    StreamStart,
    StreamStatus,
    read_processor,
)

_NOT_STARTING: Final = "Stream Processor not available for starting"
_NOT_STOPPING: Final = "Stream Processor not available for stopping"


class StreamStore:
    """Stream processors of one database, for any number of threads, processes and servers.

    `limit` is how many there may be.
    """

    def __init__(self, database: Database, *, limit: int = 100) -> None:
        self.database = database
        self._limit = limit

    def create(self, new: NewStream, camera: Callable[[Connection], str] | None = None) -> StreamProcessor:
        """A new processor, which is stopped. `camera` tells its camera's id, in the same transaction.

        Raises ResourceInUseException where the name is taken, and LimitExceededException where there are as
        many as may be.
        """
        with self.database.write(turn=Turn.STREAMS) as connection:
            if _find(connection, new.name) is not None:
                raise ResourceInUseException(f"A stream processor with the name {new.name} already exists.")
            count = connection.execute(select(func.count()).select_from(table)).scalar_one()
            if count >= self._limit:
                raise LimitExceededException(
                    f"There are {count} stream processors, and no more than {self._limit} may be "
                    "(REGARD_STREAM_LIMIT)."
                )
            named = new if camera is None else replace(new, camera_id=camera(connection))
            connection.execute(insert(table).values(_row_of(named)))
            put_tags(connection, resource(new.name), new.tags)
            return get_processor(connection, new.name)

    def find(self, name: str) -> StreamProcessor | None:
        """The processor of that name as it stands now, or None."""
        with self.database.read() as connection:
            return find_processor(connection, name)

    def get(self, name: str) -> StreamProcessor:
        """The processor of that name as it stands now. Raises ResourceNotFoundException."""
        with self.database.read() as connection:
            return get_processor(connection, name)

    def list(self) -> Sequence[StreamProcessor]:
        """All processors, by their names."""
        now = milliseconds()
        with self.database.read() as connection:
            found = [read_processor(row).as_of(now) for row in connection.execute(select(table)).mappings()]
        return sorted(found, key=lambda one: one.name)  # databases have orders of their own

    def start(self, processor: StreamProcessor, order: StreamStart) -> StreamProcessor:
        """Has a worker take it. Raises ResourceInUseException unless it has stopped or failed."""
        now = milliseconds()
        values = {
            **_set_aside(),
            "status": StreamStatus.STARTING.value,
            "session": order.session,
            "started": now,
            "started_by": keep_caller(order.caller),
            "request_id": order.request_id,
            "case_id": order.case_id,
            "authorization_id": order.authorization_id,
            "authorized_until": order.authorized_until,
            "purpose": order.purpose,
            "match_threshold": order.match_threshold,
            "start_selector": _text(order.start_selector),
            "stop_seconds": order.stop_seconds,
            "checkpoint": "{}",
        }
        with self.database.write() as connection:
            if not _change(connection, processor.row, _idle(now), values):
                _refuse(connection, processor, _NOT_STARTING)
            return get_processor(connection, processor.name)

    def stop(self, processor: StreamProcessor) -> StreamProcessor:
        """Has its worker let it go; without one it has stopped. Raises ResourceInUseException unless it is
        at work.
        """
        now = milliseconds()
        at_work = table.c.status.in_([one.value for one in AT_WORK])
        with self.database.write() as connection:
            alone = and_(at_work, table.c.lease_until <= now)
            stopped = {**_set_aside(), "status": StreamStatus.STOPPED.value}
            stopping = {"status": StreamStatus.STOPPING.value, "message": None}
            if not _change(connection, processor.row, alone, stopped) and not _change(
                connection, processor.row, at_work, stopping
            ):
                _refuse(connection, processor, _NOT_STOPPING)
            return get_processor(connection, processor.name)

    def update(self, processor: StreamProcessor, change: StreamChange) -> StreamProcessor:
        """Changes a label processor. Raises ResourceInUseException while it is at work."""
        now = milliseconds()
        values: dict[str, Any] = {"updated": now}
        if change.labels is not None:
            values["labels"] = json.dumps(change.labels)
        if change.min_confidence is not None or change.forgets_confidence:
            values["min_confidence"] = change.min_confidence
        if change.regions is not None:
            values["regions"] = json.dumps(change.regions)
        if change.data_sharing is not None:
            values["data_sharing"] = change.data_sharing
        with self.database.write() as connection:
            if not _change(connection, processor.row, _idle(now), values):
                _refuse(connection, processor, "Stream Processor not available for updating")
            return get_processor(connection, processor.name)

    def delete(self, processor: StreamProcessor) -> bool:
        """Removes it and its tags; what it saw stays until that expires. False while it is being stopped.

        Raises ResourceInUseException while it is at work, and ResourceNotFoundException where it is gone.
        """
        now = milliseconds()
        with self.database.write() as connection:
            gone = connection.execute(delete(table).where(table.c.row == processor.row, _idle(now))).rowcount
            if gone:
                remove_tags(connection, resource(processor.name))
                return True
            current = _same(connection, processor)
            if current.status is StreamStatus.STOPPING:
                return False
            raise ResourceInUseException("Stream Processor not available for deleting")

    def tags(self, processor: StreamProcessor) -> dict[str, str]:
        """Its tags."""
        with self.database.read() as connection:
            return tags_of(connection, resource(processor.name))

    def tag(self, processor: StreamProcessor, new: Mapping[str, str], **columns: Any) -> None:
        """Adds tags, and sets the columns that follow from them. Raises ResourceNotFoundException, and
        ServiceQuotaExceededException above 200.
        """
        with self.database.write() as connection:
            _same(connection, processor)
            put_tags(connection, resource(processor.name), new)
            _change(connection, processor.row, true(), columns)

    def untag(self, processor: StreamProcessor, keys: Sequence[str], **columns: Any) -> None:
        """Removes tags; keys that are not there are passed over. Raises ResourceNotFoundException."""
        with self.database.write() as connection:
            _same(connection, processor)
            remove_tags(connection, resource(processor.name), keys)
            _change(connection, processor.row, true(), columns)


def resource(name: str) -> str:
    """How tags name a processor."""
    return f"streamprocessor/{name}"


def find_processor(connection: Connection, name: str) -> StreamProcessor | None:
    """The processor of that name as it stands now, or None."""
    found = _find(connection, name)
    return None if found is None else read_processor(found._mapping).as_of(milliseconds())


def get_processor(connection: Connection, name: str) -> StreamProcessor:
    """The same. Raises ResourceNotFoundException."""
    found = find_processor(connection, name)
    if found is None:
        raise processor_not_found(name)
    return found


def processor_not_found(name: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"The stream processor {name} does not exist")


def _find(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(table).where(table.c.name == name)).first()


def _change(connection: Connection, row: int, holds: Any, values: Mapping[str, Any]) -> bool:
    """Changes a processor of which a condition holds; whether it did."""
    if not values:
        return True
    changed = {"updated": milliseconds(), **values}
    return bool(connection.execute(update(table).where(table.c.row == row, holds).values(changed)).rowcount)


def _idle(now: int) -> Any:
    """Of a processor that can be started: one whose worker died while it was to stop has stopped."""
    gone = and_(table.c.status == StreamStatus.STOPPING.value, table.c.lease_until <= now)
    return or_(table.c.status.in_([one.value for one in IDLE]), gone)


def _set_aside() -> dict[str, Any]:
    """What of a processor says that nobody runs it, and nothing of how it stood."""
    return {**let_go(), "message": None, "state": "{}"}


def _same(connection: Connection, processor: StreamProcessor) -> StreamProcessor:
    """The processor as it is by now. Raises ResourceNotFoundException where it is gone, or was made anew."""
    current = get_processor(connection, processor.name)
    if current.row != processor.row:
        raise processor_not_found(processor.name)
    return current


def _refuse(connection: Connection, processor: StreamProcessor, message: str) -> None:
    _same(connection, processor)
    raise ResourceInUseException(message)


def _text(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)


def _row_of(new: NewStream) -> dict[str, Any]:
    now = milliseconds()
    return {
        "name": new.name,
        "kind": new.kind.value,
        "source": new.source,
        "source_shown": new.source_shown,
        "camera_id": new.camera_id,
        "place": new.place,
        "output": new.output,
        "bucket": new.bucket,
        "key_prefix": new.key_prefix,
        "collection_id": new.collection_id,
        "threshold": new.threshold,
        "labels": json.dumps(new.labels),
        "min_confidence": new.min_confidence,
        "regions": json.dumps(new.regions),
        "channel": new.channel,
        "kms_key_id": new.kms_key_id,
        "role_arn": new.role_arn,
        "data_sharing": new.data_sharing,
        "rate": new.rate,
        "created": now,
        "created_by": keep_caller(new.caller),
        "updated": now,
        "status": StreamStatus.STOPPED.value,
    }
