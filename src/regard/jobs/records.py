"""What is known of a job, and what an analysis hands over on its way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping

from regard.caller import Caller

LONGEST_KEY = 512
"""Bytes of an item's key that count when items are sorted."""


class Status(StrEnum):
    """As Rekognition has it: a job that waits is in progress."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


Settle = Callable[[Connection], Mapping[str, Any]]
"""Is done in the transaction that keeps an item, which has the turn AUDIT; gives the body that is kept."""


@dataclass(frozen=True, slots=True)
class Item:
    """One element of what a Get operation lists.

    `timestamp` is in milliseconds from the first frame. `key` is what SortBy NAME, ID or INDEX sorts by, by
    code points; a number in it has leading zeros. `view` is "" for operations without AggregateBy, else
    "TIMESTAMPS" or "SEGMENTS". `body` is the element as it is answered, JSON-able. With `settle`, a job keeps
    in its place what that gives.
    """

    timestamp: int
    key: str
    body: Mapping[str, Any]
    view: str = ""
    settle: Settle | None = field(default=None, repr=False, compare=False)

    def settled(self, connection: Connection) -> Item:
        """The item as it is kept by a transaction."""
        return self if self.settle is None else replace(self, body=self.settle(connection), settle=None)


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of an analysis that is finished, and is never done again once it was committed.

    `items` are final. `state` is JSON-able, and is what the analysis goes on from when its process dies.
    `progress` runs from 0 to 1. `facts` are members of the Get answer beside its list, such as
    VideoMetadata; {} keeps those of the steps before. `film` is the `ObjectFacts.content` of the video that
    it was found in, None where it is none of one.
    """

    items: Sequence[Item]
    state: Mapping[str, Any]
    progress: float
    facts: Mapping[str, Any] = field(default_factory=dict)
    film: str | None = None

    def after(self, before: Step) -> Step:
        """How far something has come by this step, with the facts of those before it, but nothing found."""
        return replace(self, items=(), facts=self.facts or before.facts)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is to be started.

    `operation` is the Start operation (`start_face_search`), `request` its request as it is to be run,
    `caller` whoever started it. `purpose` and `threshold` (percent, or None) are those that held then.
    `authorization_id` is the authorization that it is run under, None where it needs none.
    """

    operation: str
    request: Mapping[str, Any]
    request_id: str
    caller: Caller
    case: str | None = None
    collection_id: str | None = None
    purpose: str = "general"
    threshold: float | None = None
    authorization_id: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the database has it. Times are milliseconds since the epoch.

    `caller` is as it was at the start; `found` counts the items that were committed; `failure` is the code of
    the error that ended it, where it was one of a request's (`InvalidS3ObjectException`).
    """

    row: int
    job_id: str
    operation: str
    request: dict[str, Any]
    request_id: str
    case: str | None
    caller: Caller
    collection_id: str | None
    purpose: str
    threshold: float | None
    seal: str = field(repr=False)
    status: Status
    message: str | None
    created: int
    finished: int | None
    expires: int | None
    holder: str | None
    lease_until: int
    fence: int
    attempts: int
    progress: float
    found: int
    state: dict[str, Any] | None = field(repr=False)
    facts: dict[str, Any]
    cancelled: int | None
    failure: str | None
    authorization_id: str | None = None
    film: str | None = None  # what its video's `ObjectFacts.content` was, None before its first step
    trace: str | None = None  # of the request that started it, as W3C's traceparent

    @property
    def tag(self) -> str | None:
        return self.request.get("JobTag")


def read_job(row: RowMapping | dict[str, Any]) -> Job:
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    who = json.loads(values.pop("caller"))
    state = values.pop("state")
    return Job(
        **{name: values[name] for name in values if name not in _READ},
        request=json.loads(values["request"]),
        facts=json.loads(values["facts"]),
        status=Status(values["status"]),
        case=values["case_reference"],
        caller=Caller(values["key_id"], who["name"], who["role"], who["policy"], who["purpose"]),
        state=None if state is None else json.loads(state),
    )


@dataclass(frozen=True, slots=True)
class JobEnd:
    """That a job has ended, and how. `operation` is the Start operation."""

    job_id: str
    operation: str
    status: Status
    message: str | None


Ended = Callable[[Connection, JobEnd], None]
"""Is told of an end in the transaction that makes it."""


_READ = {"request", "facts", "status", "case_reference", "key_id"}


def write_caller(caller: Caller) -> str:
    policy = None if caller.policy is None else dict(caller.policy)
    return json.dumps({"name": caller.name, "role": caller.role, "policy": policy, "purpose": caller.purpose})


def keep_caller(caller: Caller) -> str:
    """A caller, as they are now, as JSON."""
    return json.dumps({"key_id": caller.key_id, **json.loads(write_caller(caller))})


def read_kept_caller(text: str) -> Caller:
    """The caller that `keep_caller` wrote."""
    who = json.loads(text)
    return Caller(who["key_id"], who["name"], who["role"], who["policy"], who["purpose"])
