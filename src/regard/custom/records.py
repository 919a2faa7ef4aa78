"""What is known of a project and of a data set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

MAX_ENTRIES: Final = 250_000
"""Of a data set, as Amazon has it."""
MAX_LABELS: Final = 250
"""Of a data set, as Amazon has it."""

_BROKEN_OFF: Final = "The work was broken off when a server stopped. Delete the data set and create it again."
_UPDATE_BROKEN_OFF: Final = "The update was broken off when a server stopped. Send it again."


class ProjectFeature(StrEnum):
    """What a project trains: labels of one's own, or an adapter of moderation."""

    CUSTOM_LABELS = "CUSTOM_LABELS"
    CONTENT_MODERATION = "CONTENT_MODERATION"


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `created` is in milliseconds since the epoch; `resource` is its ARN's last part.

    `auto_update` is None where nobody has said whether its versions are trained anew by themselves.
    """

    row: int
    name: str
    resource: str
    created: int
    feature: ProjectFeature
    auto_update: bool | None


class DatasetType(StrEnum):
    """What a data set is for."""

    TRAIN = "TRAIN"
    TEST = "TEST"


class DatasetStatus(StrEnum):
    """As Rekognition has it."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"


IN_USE: Final = (
    DatasetStatus.CREATE_COMPLETE,
    DatasetStatus.UPDATE_IN_PROGRESS,
    DatasetStatus.UPDATE_COMPLETE,
    DatasetStatus.UPDATE_FAILED,
)
"""Of a data set that has what it was made of."""
CHANGEABLE: Final = (
    DatasetStatus.CREATE_COMPLETE,
    DatasetStatus.UPDATE_COMPLETE,
    DatasetStatus.UPDATE_FAILED,
)


class DatasetOutcome(StrEnum):
    """How the newest work on a data set ended: Rekognition's StatusMessageCode."""

    SUCCESS = "SUCCESS"
    CLIENT_ERROR = "CLIENT_ERROR"
    SERVICE_ERROR = "SERVICE_ERROR"


@dataclass(frozen=True, slots=True)
class CustomDataset:
    """A data set. Times are milliseconds since the epoch; `resource` is its ARN's last part.

    `project` is the row of its project. `bucket` is the one that all its pictures are in, None while there
    are none. `total`, `labelled` and `with_errors` count entries, `labels` the names that they use. Whoever
    works on it holds it as `holder` until `held_until`.
    """

    row: int
    project: int
    resource: str
    type: DatasetType
    created: int
    updated: int
    status: DatasetStatus
    message: str
    code: DatasetOutcome
    bucket: str | None
    total: int
    labelled: int
    with_errors: int
    labels: int
    holder: str | None
    held_until: int

    def as_of(self, now: int) -> CustomDataset:
        """How it stands at a moment: work whose hold is over was broken off."""
        if self.held_until > now:
            return self
        if self.status is DatasetStatus.CREATE_IN_PROGRESS:
            failed, message = DatasetStatus.CREATE_FAILED, _BROKEN_OFF
        elif self.status is DatasetStatus.UPDATE_IN_PROGRESS:
            failed, message = DatasetStatus.UPDATE_FAILED, _UPDATE_BROKEN_OFF
        else:
            return self
        return replace(self, status=failed, message=message, code=DatasetOutcome.SERVICE_ERROR)


@dataclass(frozen=True, slots=True)
class DatasetLabel:
    """A label of a data set: how many entries have it, and how many of them in boxes."""

    row: int
    name: str
    entries: int
    boxed: int
