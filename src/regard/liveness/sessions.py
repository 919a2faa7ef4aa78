"""The store of sessions. A session belongs to the key that made it, and is good for one stream."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from regard.errors import SessionNotFoundException
from regard.liveness.records import KEPT_AFTER, MINUTES, LivenessImage, LivenessSession, LivenessStatus
from regard.resources.request_tokens import IdempotentRequest, earlier_answer, remember
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import liveness_images, liveness_sessions

_MS: Final = MINUTES * 60_000
_REMEMBERED: Final = 24 * 60 * 60 * 1000  # for which a session that is over is told as EXPIRED
_PRUNED: Final = 200  # at a time, so that nobody waits long
_STATUS: Final = liveness_sessions.c.status
_ENDED: Final = (LivenessStatus.SUCCEEDED, LivenessStatus.FAILED)


class LivenessSessions:
    """The sessions of one database. Each method reads the clock itself: what is over is over at once."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        """`cipher` encrypts the images."""
        self._database = database
        self._cipher = cipher

    def create(self, settings: Mapping[str, Any], request: IdempotentRequest) -> str:
        """The id of a new session of the request's key, or of the one that the same request has made.

        Raises IdempotentParameterMismatchException for a token that came with another request.
        """
        now, session_id = milliseconds(), str(uuid.uuid4())
        with self._database.write() as connection:
            earlier = earlier_answer(connection, request)
            if earlier is not None:
                return str(earlier["SessionId"])
            row = {
                "session_id": session_id,
                "key_id": request.key_id,
                "created": now,
                "expires": now + _MS,
                "status": LivenessStatus.CREATED.value,
                "settings": json.dumps(settings),
                "kept": now + _MS,
            }
            connection.execute(insert(liveness_sessions).values(row))
            remember(connection, request, {"SessionId": session_id}, resource=session_id, kept=_MS)
        return session_id

    def get(self, session_id: str, key_id: str) -> LivenessSession:
        """A session of a key as it is now. Raises SessionNotFoundException, for another key's too."""
        with self._database.read() as connection:
            return _read(self._row(connection, session_id, key_id), milliseconds())

    def images(self, session: LivenessSession) -> list[LivenessImage]:
        """Its images: the reference first. None where there are none, or their time is over."""
        table = liveness_images
        query = select(table).where(table.c.session_id == session.session_id).order_by(table.c.position)
        if session.status is not LivenessStatus.SUCCEEDED:
            return []
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [
            LivenessImage(
                self._cipher.decrypt(row.content, _bound(session.session_id)),
                _box(json.loads(row.place)),
                is_written=row.is_written,
            )
            for row in rows
        ]

    def begin(self, session_id: str, key_id: str, seconds: float) -> LivenessSession:
        """Takes the session for a stream, which must have ended after so many seconds, once and for all.

        Raises SessionNotFoundException where there is none that may be begun: it is over, another's, or was
        begun before.
        """
        now = milliseconds()
        free = (_STATUS == LivenessStatus.CREATED, liveness_sessions.c.expires > now)
        with self._database.write() as connection:
            found = _read(self._row(connection, session_id, key_id), now)
            begun = connection.execute(
                update(liveness_sessions)
                .where(liveness_sessions.c.session_id == session_id, *free)
                .values(status=LivenessStatus.IN_PROGRESS.value, deadline=now + round(seconds * 1000))
            ).rowcount
        if begun:
            return found
        why = "has expired" if found.status is LivenessStatus.EXPIRED else "was used before"
        raise SessionNotFoundException(f"The session {session_id} {why}; make another one.")

    def succeed(
        self, session_id: str, result: Mapping[str, Any], images: Sequence[LivenessImage] = ()
    ) -> bool:
        """Keeps what a stream came to. False where the session was ended otherwise meanwhile."""
        rows = [
            {
                "session_id": session_id,
                "position": position,
                "content": self._cipher.encrypt(image.content, _bound(session_id)),
                "place": json.dumps(image.box),
                "is_written": image.is_written,
            }
            for position, image in enumerate(images)
        ]
        with self._database.write() as connection:
            if not self._end(connection, session_id, LivenessStatus.SUCCEEDED, result):
                return False
            if rows:
                connection.execute(insert(liveness_images), rows)
        return True

    def fail(self, session_id: str, result: Mapping[str, Any]) -> None:
        """Ends a stream that came to nothing; one that has ended stays as it is."""
        with self._database.write() as connection:
            self._end(connection, session_id, LivenessStatus.FAILED, result)

    def erase_due(self, now: int) -> int:
        """Erases the results and images that are past their time, and what is left of sessions a day later.

        Answers how many sessions it has touched.
        """
        table, touched = liveness_sessions, 0
        over = (table.c.kept <= now, or_(table.c.deadline.is_(None), table.c.deadline <= now))
        while True:
            with self._database.write() as connection:
                due = select(table.c.session_id).where(*over, _STATUS != LivenessStatus.EXPIRED)
                found = connection.scalars(due.limit(_PRUNED)).all()
                of_found = table.c.session_id.in_(found)
                connection.execute(delete(liveness_images).where(liveness_images.c.session_id.in_(found)))
                expired = {"status": LivenessStatus.EXPIRED.value, "result": None}
                connection.execute(update(table).where(of_found).values(expired))
            touched += len(found)
            if len(found) < _PRUNED:
                break
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.kept <= now - _REMEMBERED))
        return touched

    @staticmethod
    def _row(connection: Connection, session_id: str, key_id: str) -> Row[Any]:
        query = select(liveness_sessions).where(
            liveness_sessions.c.session_id == session_id, liveness_sessions.c.key_id == key_id
        )
        row = connection.execute(query).first()
        if row is None:
            raise SessionNotFoundException(f"Session {session_id} not found.")
        return row

    @staticmethod
    def _end(
        connection: Connection, session_id: str, status: LivenessStatus, result: Mapping[str, Any]
    ) -> bool:
        now, table = milliseconds(), liveness_sessions
        under_way = (_STATUS == LivenessStatus.IN_PROGRESS, table.c.deadline > now)
        created = connection.scalar(select(table.c.created).where(table.c.session_id == session_id))
        kept = max((created or 0) + _MS, now + KEPT_AFTER)
        return bool(
            connection.execute(
                update(table)
                .where(table.c.session_id == session_id, *under_way)
                .values(status=status.value, result=json.dumps(result), kept=kept, deadline=None)
            ).rowcount
        )


def _read(row: Row[Any], now: int) -> LivenessSession:
    status = LivenessStatus(row.status)
    if status is LivenessStatus.CREATED and row.expires <= now:
        status = LivenessStatus.EXPIRED
    if status is LivenessStatus.IN_PROGRESS and row.deadline <= now:  # its server is gone
        status = LivenessStatus.FAILED if row.kept > now else LivenessStatus.EXPIRED
    if status in _ENDED and row.kept <= now:
        status = LivenessStatus.EXPIRED
    is_shown = status in _ENDED and row.result is not None
    return LivenessSession(
        session_id=row.session_id,
        key_id=row.key_id,
        created=row.created,
        expires=row.expires,
        status=status,
        settings=json.loads(row.settings),
        result=json.loads(row.result) if is_shown else None,
    )


def _box(place: list[float] | None) -> tuple[float, float, float, float] | None:
    if place is None:
        return None
    left, top, width, height = place
    return left, top, width, height


def _bound(session_id: str) -> str:
    return f"liveness image {session_id}"
