"""Notices beside cameras: what tells people that their faces are seen, who posted it, and since when.

A camera that nobody has posted a notice for is announced in words of Regard's own. Nobody has hung those up,
so that they count for nothing where a notice is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, text, update

from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance.authorizations.records import Grant
from regard.storage.backend import Turn
from regard.storage.clock import is_to_come, milliseconds
from regard.storage.database import Database
from regard.storage.schema import cameras
from regard.storage.schema import notices as table

_LONGEST_ID: Final = 128


class Covers(StrEnum):
    """What a notice tells people about."""

    FACE_SEARCH = "FACE_SEARCH"
    ATTRIBUTES = "ATTRIBUTES"
    LABELS = "LABELS"


_WORDS: Final = {
    Covers.FACE_SEARCH: "the faces that this camera sees are compared with a list of people",
    Covers.LABELS: "people, animals or packages are searched for in what this camera sees, and pictures of "
    "what is found are kept",
}
_ANSWERS: Final = {
    Covers.FACE_SEARCH: "Whoever runs this service answers who is on that list and why, and takes complaints "
    "(SendFeedback).",
    Covers.LABELS: "Whoever runs this service answers why, and takes complaints (SendFeedback).",
}
"""What Regard itself says, where nobody has posted a notice; who is on a list is asked first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """A notice that hangs beside a camera. `posted` is when it was put up, in milliseconds since the epoch.

    `language` is a tag of BCP 47. `covers` is what its text names: that faces are searched, that emotions,
    age and gender are estimated, or that people, animals and packages are searched for.
    """

    camera_id: str
    language: str
    text: str
    covers: Sequence[Covers]
    posted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraNotice:
    """A notice as it was recorded. `version` counts a camera's notices from 1 on; 0 is Regard's own words."""

    camera_id: str
    version: int
    language: str
    text: str
    covers: tuple[Covers, ...]
    posted: int
    recorded: int
    recorded_by: str


class CameraNotices:
    """The notices of one database. None is ever changed: another text is another version."""

    def __init__(self, database: Database, clock: Callable[[], int] = milliseconds) -> None:
        self._database = database
        self._clock = clock

    def put(self, new: NewNotice, recorded_by: str) -> CameraNotice:
        """Records a notice, which then is the camera's newest. Raises InvalidParameterException for one that
        isn't posted yet.
        """
        now = self._clock()
        if is_to_come(new.posted, now):
            raise InvalidParameterException("PostedAt lies in the future; record a notice once it hangs.")
        with self._database.write(turn=Turn.AUTHORIZATIONS) as connection:
            newest = connection.execute(
                select(func.max(table.c.version)).where(table.c.camera_id == new.camera_id)
            ).scalar()
            if newest is None:
                _add_camera(connection, new.camera_id, now)
            made = CameraNotice(
                camera_id=new.camera_id,
                version=(newest or 0) + 1,
                language=new.language,
                text=new.text,
                covers=tuple(dict.fromkeys(new.covers)),
                posted=new.posted,
                recorded=now,
                recorded_by=recorded_by,
            )
            row = {column.name: getattr(made, column.name) for column in table.columns}
            connection.execute(insert(table).values(row | {"covers": json.dumps(made.covers)}))
        return made

    def newest(self, camera_id: str) -> CameraNotice | None:
        """The notice that hangs beside a camera, or None."""
        return next((one for one in self.all() if one.camera_id == camera_id), None)

    def all(self) -> list[CameraNotice]:
        """The newest notice of each camera, in the order of the cameras' first notices."""
        versions = select(table.c.camera_id, func.max(table.c.version).label("version"))
        newest = versions.group_by(table.c.camera_id).subquery()
        query = (
            select(table)
            .join(newest, (table.c.camera_id == newest.c.camera_id) & (table.c.version == newest.c.version))
            .join(cameras, cameras.c.camera_id == table.c.camera_id)
            .order_by(cameras.c.added, cameras.c.camera_id)
        )
        with self._database.read() as connection:
            return [_notice(row) for row in connection.execute(query).mappings()]

    def announced(self) -> list[tuple[int, CameraNotice]]:
        """The notice of each camera that has one, or else is announced in Regard's own words, with the
        camera's number, which rises and stays: no camera is ever removed.
        """
        posted = {one.camera_id: one for one in self.all()}
        with self._database.read() as connection:
            rows = connection.execute(select(cameras).order_by(cameras.c.added, cameras.c.camera_id)).all()
        return [
            (number, posted[row.camera_id] if row.camera_id in posted else _own_words(row))
            for number, row in enumerate(rows, 1)
            if row.camera_id in posted or row.covers is not None
        ]

    def check(self, camera_id: str, operations: Sequence[Covers], grant: Grant | None) -> None:
        """Raises AccessDeniedException unless a camera may start to do these to whom it sees.

        A notice names each of them, or the search is by a covert warrant, which `grant` is the leave of. A
        stream asks this when it starts.
        """
        if grant is not None and grant.covert:
            return
        notice = self.newest(camera_id)
        missing = [one for one in operations if notice is None or one not in notice.covers]
        if missing:
            raise AccessDeniedException(
                f"No notice beside the camera {camera_id} tells people of {missing[0]}; post one and record "
                f"it (PutCameraNotice)."
            )


def camera_of(
    connection: Connection, source: str, name: str, place: str | None, covers: Sequence[Covers]
) -> str:
    """The id of the camera whose stream is at `source`, which joins the cameras where it is none yet.

    The same source is the same camera. One that is new is called `name`, with a number behind it where
    another source has that name: whoever was allowed one camera is not allowed what takes its name. It is
    announced as what does `covers` at `place`, beside what it does already; with no `covers` it isn't.
    """
    digest = hashlib.sha256(source.encode()).hexdigest()
    query = select(cameras.c.camera_id, cameras.c.covers).where(cameras.c.source == digest)
    found = connection.execute(query).first()
    before = json.loads(found.covers) if found is not None and found.covers is not None else ()
    done = list(dict.fromkeys((*before, *covers)))
    words = {"place": place, "covers": json.dumps(done) if covers else None}
    if found is not None:
        kept = {column: value for column, value in words.items() if value is not None}
        if kept:
            connection.execute(update(cameras).where(cameras.c.camera_id == found.camera_id).values(kept))
        return str(found.camera_id)
    free = cameras.c.source.is_(None)
    for camera_id in _names_like(name):
        _add_camera(connection, camera_id, milliseconds())
        taken = update(cameras).where(cameras.c.camera_id == camera_id, free)
        if connection.execute(taken.values(source=digest, **words)).rowcount:
            break
    return camera_id


_ADD_CAMERA: Final = text(
    "INSERT INTO cameras (camera_id, added) VALUES (:camera_id, :added) ON CONFLICT (camera_id) DO NOTHING"
)


def _add_camera(connection: Connection, camera_id: str, now: int) -> None:
    """Has a camera be there, though another transaction makes it meanwhile."""
    connection.execute(_ADD_CAMERA, {"camera_id": camera_id, "added": now})


def _names_like(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        end = f".{number}"
        yield name[: _LONGEST_ID - len(end)] + end


def _own_words(row: Any) -> CameraNotice:
    place = row.camera_id if row.place is None else row.place
    covers = tuple(map(Covers, json.loads(row.covers)))
    said = "; ".join(_WORDS[one] for one in _WORDS if one in covers)
    answers = next((_ANSWERS[one] for one in _ANSWERS if one in covers), "")
    return CameraNotice(
        camera_id=row.camera_id,
        version=0,
        language="en",
        text=f"{place}: {said}. {answers}",
        covers=covers,
        posted=row.added,
        recorded=row.added,
        recorded_by="",
    )


def _notice(row: Any) -> CameraNotice:
    return CameraNotice(**{**row, "covers": tuple(map(Covers, json.loads(row["covers"])))})
