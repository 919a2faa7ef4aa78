"""How many vectors were stored: each collection is counted once an hour, since the log doesn't say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from regard.metering.fold import HOUR
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import collections, user_vectors, vector_counts

_ALL = ""  # no collection's name: the row that says that an hour was counted


class VectorCounts:
    """The hourly counts of one database, for any number of servers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted = -1  # the last hour that this process knows to be counted

    def count(self, now: int | None = None) -> bool:
        """Counts the vectors of every collection, unless that was done this hour. `now` is in ms."""
        hour = (now or milliseconds()) // HOUR * HOUR
        if hour == self._counted:
            return False
        try:
            with self._database.write() as connection:
                connection.execute(insert(vector_counts), _counts(connection, hour))
        except IntegrityError:  # another process has counted this hour
            is_new = False
        else:
            is_new = True
        self._counted = hour
        return is_new

    def vector_hours(self, start: int, end: int) -> Mapping[str, tuple[int, int]]:
        """Faces × hours and users × hours of each collection between two hours, in ms since the epoch.

        A count holds until the next one, however many hours later: no server may have run in between.
        """
        table = vector_counts.c
        with self._database.read() as connection:
            marks = select(table.hour).where(table.collection == _ALL, table.hour < end).order_by(table.hour)
            hours = list(connection.execute(marks).scalars())
            first = max((hour for hour in hours if hour <= start), default=start)
            counts = connection.execute(
                select(table.hour, table.collection, table.faces, table.users).where(
                    table.hour >= first, table.hour < end, table.collection != _ALL
                )
            ).all()
        ends = dict(pairwise([*hours, end]))
        found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for hour, collection, faces, users in counts:
            lasted = (ends[hour] - max(hour, start)) // HOUR
            before = found[collection]
            found[collection] = (before[0] + faces * lasted, before[1] + users * lasted)
        return dict(found)


def _counts(connection: Connection, hour: int) -> list[dict[str, object]]:
    users = select(user_vectors.c.collection, func.count().label("users")).group_by(user_vectors.c.collection)
    of_users = {row.collection: row.users for row in connection.execute(users)}
    rows = connection.execute(
        select(collections.c.row, collections.c.collection_id, collections.c.face_count)
    )
    counts: list[dict[str, object]] = [{"hour": hour, "collection": _ALL, "faces": 0, "users": 0}]
    for row, name, faces in rows:
        if not name.startswith(":"):  # that of the celebrities, which no client made
            counts.append({"hour": hour, "collection": name, "faces": faces, "users": of_users.get(row, 0)})
    return counts
