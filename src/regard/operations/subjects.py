"""What requests are about: declared with each operation, and resolved once, by the gate.

Whoever adds a kind of subject adds a member of `Kind`, an `About`, and how it is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from regard.collections.records import Collection
from regard.collections.store import find_visible
from regard.context import Kind, Stores, Subject
from regard.errors import ResourceNotFoundException
from regard.governance.purpose import stricter
from regard.jobs.records import Job
from regard.jobs.store import find_job
from regard.settings import Settings
from regard.storage.clock import milliseconds

# AWS prints some of Rekognition's ARNs without the leading "arn:", and clients pass on what they were given.
_ARN = re.compile(r"(?:arn:)?aws[a-z-]*:rekognition:[a-z0-9-]+:\d{12}:([a-z]+)/([a-zA-Z0-9_.\-]+)")


@dataclass(frozen=True, slots=True)
class About:
    """Which members of a request name its subject.

    `member` is the path to it, ("CollectionId",), through nested structures too. Its value is the subject's
    id; of a `Kind.RESOURCE` it is an ARN, which says itself of which kind the subject is.
    """

    kind: Kind
    member: tuple[str, ...] = ()


NOTHING = About(Kind.NOTHING)
COLLECTION = About(Kind.COLLECTION, ("CollectionId",))
JOB = About(Kind.JOB, ("JobId",))
RESOURCE = About(Kind.RESOURCE, ("ResourceArn",))


def collection_arn(settings: Settings, collection_id: str) -> str:
    return f"arn:aws:rekognition:{settings.region}:{settings.account}:collection/{collection_id}"


def collection_of(about: About, request: Mapping[str, Any]) -> str | None:
    """The id of the collection that a request names, or None where it names none."""
    named = _named(about, request)
    if about.kind is Kind.COLLECTION:
        return named
    if about.kind is Kind.RESOURCE and named is not None:
        match = _ARN.fullmatch(named)
        if match is not None and match.group(1) == Kind.COLLECTION:
            return match.group(2)
    return None


def resolve(about: About, request: Mapping[str, Any], stores: Stores, settings: Settings) -> Subject:
    """The subject as it is now, by one transaction at most, unless faces of it are past their time.

    Those are erased first, so that nobody is served them. A subject that there isn't is no error here, since
    an operation may be about to make it: what would hold it is None then.
    """
    return _without_overdue(lambda: _resolved(about, request, stores, settings), stores)


def _without_overdue(find: Callable[[], Subject], stores: Stores) -> Subject:
    subject = find()
    if subject.collection is not None:
        try:
            is_changed = stores.privacy.faces.erase_due(subject.collection, milliseconds())
        except ResourceNotFoundException:  # deleted meanwhile
            is_changed = True
        if is_changed:
            return find()
    return subject


def _resolved(about: About, request: Mapping[str, Any], stores: Stores, settings: Settings) -> Subject:
    if about.kind is Kind.JOB:
        job_id = _named(about, request) or ""
        with stores.database.read() as connection:
            job = find_job(connection, job_id)
            return _of_job(job_id, job, connection, settings)
    collection_id = collection_of(about, request)
    if collection_id is None:
        return Subject(about.kind, name=_named(about, request))
    with stores.database.read() as connection:
        return _of_collection(collection_id, connection, settings)


def resolve_job(job: Job, stores: Stores, settings: Settings) -> Subject:
    """The subject of a job that is run: the job, and its collection as it is now, as `resolve` has it."""

    def find() -> Subject:
        with stores.database.read() as connection:
            return _of_job(job.job_id, job, connection, settings)

    return _without_overdue(find, stores)


def _named(about: About, request: Mapping[str, Any]) -> str | None:
    value: Any = request if about.member else None
    for name in about.member:
        if value is None or name not in value:
            return None
        value = value[name]
    return None if value is None else str(value)


def _of_collection(collection_id: str, connection: Connection, settings: Settings) -> Subject:
    found = find_visible(connection, collection_id)
    return Subject(
        Kind.COLLECTION,
        name=collection_id,
        arn=collection_arn(settings, collection_id),
        purpose=_purpose_of(found),
        collection_id=collection_id,
        collection=found,
    )


def _of_job(job_id: str, job: Job | None, connection: Connection, settings: Settings) -> Subject:
    """A job goes by the stricter of what it was started for and what its collection is for by now.

    The collection may be gone, or be another one of the same name.
    """
    if job is None or job.collection_id is None:
        return Subject(Kind.JOB, name=job_id, purpose=job.purpose if job else "general", job=job)
    found = find_visible(connection, job.collection_id)
    return Subject(
        Kind.JOB,
        name=job_id,
        arn=collection_arn(settings, job.collection_id),
        purpose=stricter(job.purpose, _purpose_of(found)),
        collection_id=job.collection_id,
        collection=found,
        job=job,
    )


def _purpose_of(collection: Collection | None) -> str:
    return "general" if collection is None else collection.purpose
