"""Running stream processors: leases, which lapse when their holder dies, and what only a holder writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select, tuple_, update

from regard.jobs.leases import LeaseLost
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import stream_processors as table
from regard.streams.records import AT_WORK, StreamProcessor, StreamStatus, read_processor

LEASE_SECONDS: Final = 15.0
RENEW_SECONDS: Final = 5.0
"""How often a worker renews its leases, so that two renewals may fail."""

_HELD: Final = (*AT_WORK, StreamStatus.STOPPING)


@dataclass(frozen=True, slots=True)
class StreamLease:
    """The right to run a processor until it lapses. `processor` is as it was when the lease was taken;
    `is_taken_over` says that another worker had it, which died or hung: it let the lease lapse.
    """

    processor: StreamProcessor
    fence: int
    is_taken_over: bool = False

    @property
    def row(self) -> int:
        return self.processor.row


class StreamLeases:
    """Hands processors to workers. A worker that dies leaves leases that lapse after `seconds`.

    A lease is neither taken nor renewed once the authorization of its processor is over, so that the search
    ends though the worker's own checks fail. `clock` tells milliseconds since the epoch.
    """

    def __init__(
        self,
        database: Database,
        *,
        seconds: float = LEASE_SECONDS,
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self.database = database
        self._milliseconds = round(seconds * 1000)
        self._clock = clock

    def waiting(self) -> bool:
        """Whether there is a processor to take."""
        with self.database.read() as connection:
            free = select(table.c.row).where(_free(self._clock())).limit(1)
            return connection.execute(free).first() is not None

    def take(self, holder: str, max_count: int) -> list[StreamLease]:
        """Leases on up to `max_count` processors that wait, those first that wait longest.

        No two workers are given one. A processor that another worker has run goes on with its session and
        its checkpoint.
        """
        now = self._clock()
        with self.database.read() as connection:
            query = select(table.c.row, table.c.fence, table.c.holder).where(_free(now))
            found = connection.execute(query.order_by(table.c.started).limit(max_count)).all()
        taken = []
        for row, fence, held_by in found:
            with self.database.write() as connection:
                if self._take(connection, row, fence, holder):
                    one = connection.execute(select(table).where(table.c.row == row)).mappings().one()
                    taken.append(StreamLease(read_processor(one), fence + 1, held_by is not None))
        return taken

    def renew(self, leases: Sequence[StreamLease]) -> dict[int, StreamStatus]:
        """Keeps leases, by one statement: the rows of the processors that are still held, and how they stand.

        One that is missing is another worker's by now, has ended, or its authorization is over: nothing more
        may be searched. One that is STOPPING is to be let go (`end`).
        """
        if not leases:
            return {}
        now = self._clock()
        renewal = (
            update(table)
            .where(_held(leases), _is_authorized(now))
            .values(lease_until=now + self._milliseconds)
            .returning(table.c.row, table.c.status)
        )
        with self.database.write() as connection:
            return {row: StreamStatus(status) for row, status in connection.execute(renewal).all()}

    def standing(self, leases: Sequence[StreamLease]) -> dict[int, StreamStatus]:
        """The same without a renewal, for a glance once a second: nothing is written."""
        if not leases:
            return {}
        now = self._clock()
        query = select(table.c.row, table.c.status).where(
            _held(leases), _is_authorized(now), table.c.lease_until > now
        )
        with self.database.read() as connection:
            return {row: StreamStatus(status) for row, status in connection.execute(query).all()}

    def show(
        self,
        lease: StreamLease,
        status: StreamStatus | None = None,
        message: str | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells how a processor stands: its StatusMessage, and the `state` of its source, JSON-able.

        `status` is STARTING or RUNNING; one that is to stop stays so. Raises LeaseLost.
        """
        values: dict[str, Any] = {"message": message}
        if state is not None:
            values["state"] = json.dumps(state, allow_nan=False)
        with self.database.write() as connection:
            self._write(connection, lease, values)
            if status is not None:
                at_work = table.c.status.in_([one.value for one in AT_WORK])
                connection.execute(
                    update(table).where(table.c.row == lease.row, at_work).values(status=status.value)
                )

    def commit_checkpoint(self, lease: StreamLease, checkpoint: Mapping[str, Any]) -> None:
        """Keeps what another worker would go on from. Raises LeaseLost."""
        with self.database.write() as connection:
            self._write(connection, lease, {"checkpoint": json.dumps(checkpoint, allow_nan=False)})

    def authorize(self, lease: StreamLease, until: int | None) -> None:
        """Sets when the authorization ends, which may have been extended. Raises LeaseLost."""
        with self.database.write() as connection:
            self._write(connection, lease, {"authorized_until": until})

    def hold(self, connection: Connection, lease: StreamLease) -> None:
        """Locks a processor for the rest of a transaction that writes what its holder has seen.

        Raises LeaseLost where the lease has lapsed, is another's, or the authorization is over.
        """
        now = self._clock()
        held = update(table).where(_held([lease]), _is_authorized(now), table.c.lease_until > now)
        if not connection.execute(held.values(fence=table.c.fence)).rowcount:
            raise LeaseLost

    def give_back(self, lease: StreamLease) -> None:
        """Leaves a processor to the next worker at once; nothing happens where it isn't held any more."""
        with self.database.write() as connection:
            connection.execute(update(table).where(_held([lease])).values(let_go()))

    def end(self, lease: StreamLease, status: StreamStatus, message: str | None = None) -> None:
        """Ends a session: STOPPED, or FAILED for what trying again can't mend. Raises LeaseLost."""
        values = {**let_go(), "status": status.value, "message": message, "updated": self._clock()}
        with self.database.write() as connection:
            if not connection.execute(update(table).where(_held([lease])).values(values)).rowcount:
                raise LeaseLost

    def free(self, holder: str) -> int:
        """Frees the leases of a worker that is known to have died; answers how many."""
        with self.database.write() as connection:
            freed = update(table).where(table.c.holder == holder).values(let_go())
            return connection.execute(freed).rowcount

    def end_unauthorized(self) -> list[StreamProcessor]:
        """Ends the processors at work whose authorization is over, whoever holds them; answers those."""
        now = self._clock()
        over = and_(_in(_HELD), table.c.authorized_until <= now)
        with self.database.write() as connection:
            found = connection.execute(select(table).where(over)).mappings().all()
            for one in found:
                message = f"The authorization {one['authorization_id']} is over."
                values = {**let_go(), "status": StreamStatus.FAILED.value, "message": message, "updated": now}
                connection.execute(update(table).where(table.c.row == one["row"], over).values(values))
        return [read_processor(one) for one in found]

    def _take(self, connection: Connection, row: int, fence: int, holder: str) -> bool:
        """Whether a processor that was free a moment ago still was."""
        now = self._clock()
        values = {"holder": holder, "lease_until": now + self._milliseconds, "fence": fence + 1}
        taken = update(table).where(table.c.row == row, table.c.fence == fence, _free(now))
        return bool(connection.execute(taken.values(values)).rowcount)

    def _write(self, connection: Connection, lease: StreamLease, values: Mapping[str, Any]) -> None:
        if not connection.execute(update(table).where(_held([lease])).values(values)).rowcount:
            raise LeaseLost


def _in(statuses: Sequence[StreamStatus]) -> Any:
    return table.c.status.in_([one.value for one in statuses])


def _is_authorized(now: int) -> Any:
    return or_(table.c.authorized_until.is_(None), table.c.authorized_until > now)


def _free(now: int) -> Any:
    return and_(_in(AT_WORK), table.c.lease_until <= now, _is_authorized(now))


def _held(leases: Sequence[StreamLease]) -> Any:
    pairs = [(lease.row, lease.fence) for lease in leases]
    return and_(tuple_(table.c.row, table.c.fence).in_(pairs), _in(_HELD))


def let_go() -> dict[str, Any]:
    """What of a processor says that nobody runs it. Its fence grows, so that nobody goes on either."""
    return {"holder": None, "lease_until": 0, "fence": table.c.fence + 1}
