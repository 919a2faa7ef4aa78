"""What is known of a stream processor, and what starts and changes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import RowMapping

from regard.caller import Caller
from regard.jobs.records import read_kept_caller

DEFAULT_RATE: Final = 4.0
"""Samples a second that are analysed of a stream, unless its tag `regard:looks` says otherwise."""


class StreamStatus(StrEnum):
    """As Rekognition has it."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    UPDATING = "UPDATING"


AT_WORK: Final = (StreamStatus.STARTING, StreamStatus.RUNNING)
"""What a worker takes, and goes on with."""
IDLE: Final = (StreamStatus.STOPPED, StreamStatus.FAILED)
"""What can be started, and, of labels, changed."""


class StreamKind(StrEnum):
    """What a processor finds."""

    FACE_SEARCH = "FACE_SEARCH"
    LABELS = "LABELS"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStream:
    """A processor that is to be made.

    `source` is an ARN or a URL as it was given, with user and password; `source_shown` is it without them.
    `output` is where records go: a Kinesis data stream's ARN, a URL, or None. `threshold` and
    `min_confidence` are in percent. `regions` are RegionsOfInterest as requests have them. `channel` is an
    SNS topic's ARN or a URL. `rate` is how many samples a second are analysed.
    """

    name: str
    kind: StreamKind
    source: str = field(repr=False)
    source_shown: str
    role_arn: str
    caller: Caller
    camera_id: str | None = None
    place: str | None = None
    output: str | None = None
    bucket: str | None = None
    key_prefix: str | None = None
    collection_id: str | None = None
    threshold: float | None = None
    labels: tuple[str, ...] = ()
    min_confidence: float | None = None
    regions: tuple[Mapping[str, Any], ...] = ()
    channel: str | None = None
    kms_key_id: str | None = None
    data_sharing: bool | None = None
    rate: float = DEFAULT_RATE
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStart:
    """A start of a processor, as the gate has admitted it.

    `session` is the id that the start is answered by. `purpose` and `match_threshold` (percent, None of
    labels) are those that hold. `authorized_until` is when the authorization ends at the latest, in
    milliseconds since the epoch; None where there is none. `start_selector` has ProducerTimestamp (ms) or
    FragmentNumber; `stop_seconds` is for how long a label processor is at work.
    """

    session: str
    caller: Caller
    request_id: str
    case_id: str | None = None
    authorization_id: str | None = None
    authorized_until: int | None = None
    purpose: str = "general"
    match_threshold: float | None = None
    start_selector: Mapping[str, Any] | None = None
    stop_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChange:
    """What of a label processor is changed. None leaves it; `forgets_confidence` takes MinConfidence away."""

    labels: tuple[str, ...] | None = None
    min_confidence: float | None = None
    regions: tuple[Mapping[str, Any], ...] | None = None
    data_sharing: bool | None = None
    forgets_confidence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamProcessor:
    """A processor as the database has it. Times are milliseconds since the epoch; else as in `NewStream`.

    `created_by` and `started_by` are callers as they were then. `session` and what follows it belong to the
    newest start, as `StreamStart` has them. `state` is what its worker last told of its source, JSON-able;
    `checkpoint` is what another worker goes on from.
    """

    row: int
    name: str
    kind: StreamKind
    source: str = field(repr=False)
    source_shown: str
    camera_id: str | None
    place: str | None
    output: str | None
    bucket: str | None
    key_prefix: str | None
    collection_id: str | None
    threshold: float | None
    labels: tuple[str, ...]
    min_confidence: float | None
    regions: tuple[Mapping[str, Any], ...]
    channel: str | None
    kms_key_id: str | None
    role_arn: str
    data_sharing: bool | None
    rate: float
    created: int
    created_by: Caller
    updated: int
    status: StreamStatus
    message: str | None
    session: str | None
    started: int | None
    started_by: Caller | None
    request_id: str | None
    case_id: str | None
    authorization_id: str | None
    authorized_until: int | None
    purpose: str
    match_threshold: float | None
    start_selector: Mapping[str, Any] | None
    stop_seconds: int | None
    state: Mapping[str, Any]
    checkpoint: Mapping[str, Any] = field(repr=False)
    holder: str | None
    lease_until: int
    fence: int

    def as_of(self, now: int) -> StreamProcessor:
        """The same as it stands at a moment: one that was to stop, and whose worker is gone, has stopped."""
        if self.status is StreamStatus.STOPPING and self.lease_until <= now:
            return replace(self, status=StreamStatus.STOPPED, holder=None)
        return self

    def waits_for_worker(self, now: int) -> bool:
        """Whether it is to run, and no worker has it."""
        return self.status in AT_WORK and self.lease_until <= now


_JSON: Final = ("labels", "regions", "start_selector", "state", "checkpoint")
_LISTS: Final = ("labels", "regions")


def read_processor(row: RowMapping | Mapping[str, Any]) -> StreamProcessor:
    """A row of the table."""
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    for name in _JSON:
        values[name] = None if values[name] is None else json.loads(values[name])
    for name in _LISTS:
        values[name] = tuple(values[name])
    values["kind"] = StreamKind(values["kind"])
    values["status"] = StreamStatus(values["status"])
    values["created_by"] = read_kept_caller(values["created_by"])
    started_by = values["started_by"]
    values["started_by"] = None if started_by is None else read_kept_caller(started_by)
    return StreamProcessor(**values)
