"""Notices beside cameras: what tells people that their faces are seen, who posted it, and since when."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select

from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance.authorizations.records import Grant
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import cameras
from regard.storage.schema import notices as table


class Covers(StrEnum):
    """What a notice tells people about."""

    FACE_SEARCH = "FACE_SEARCH"
    ATTRIBUTES = "ATTRIBUTES"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """A notice that hangs beside a camera. `posted` is when it was put up, in milliseconds since the epoch.

    `language` is a tag of BCP 47. `covers` is what its text names: that faces are searched, or that emotions,
    age and gender are estimated.
    """

    camera_id: str
    language: str
    text: str
    covers: Sequence[Covers]
    posted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraNotice:
    """A notice as it was recorded. `version` counts a camera's notices from 1 on."""

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
        if new.posted > now:
            raise InvalidParameterException("PostedAt lies in the future; record a notice once it hangs.")
        with self._database.write(turn=Turn.AUTHORIZATIONS) as connection:
            newest = connection.execute(
                select(func.max(table.c.version)).where(table.c.camera_id == new.camera_id)
            ).scalar()
            if newest is None:
                connection.execute(insert(cameras).values(camera_id=new.camera_id, added=now))
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

    def check(self, camera_id: str, operations: Sequence[Covers], grant: Grant | None) -> None:
        """Raises AccessDeniedException unless a camera may start to do these to faces.

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


def _notice(row: Any) -> CameraNotice:
    return CameraNotice(**{**row, "covers": tuple(map(Covers, json.loads(row["covers"])))})
