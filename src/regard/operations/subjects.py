"""What requests are about: declared with each operation, and resolved once, by the gate.

Whoever adds a kind of subject adds a member of `Kind`, an `About`, and how it is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from regard.collections.records import Collection
from regard.collections.store import find_visible
from regard.context import Kind, Subject
from regard.errors import ResourceNotFoundException
from regard.governance.purpose import stricter
from regard.jobs.records import Job
from regard.jobs.store import find_job
from regard.operations.custom_subjects import subject_in_project
from regard.settings import Settings
from regard.storage.clock import milliseconds
from regard.stores import Stores
from regard.streams.records import IDLE, StreamProcessor
from regard.streams.store import find_processor, processor_not_found

# AWS prints some of Rekognition's ARNs without the leading "arn:", and clients pass on what they were given.
_ARN = re.compile(r"(?:arn:)?aws[a-z-]*:rekognition:[a-z0-9-]+:\d{12}:([a-z]+)/([a-zA-Z0-9_.\-]+)")


@dataclass(frozen=True, slots=True)
class About:
    """Which members of a request name its subject.

    `member` is the path to it, ("CollectionId",), through nested structures too. Its value is the subject's
    id; of a `Kind.RESOURCE` it is an ARN, which says itself of which kind the subject is. `searched` is the
    path to the collection that a stream processor is to search; `needs_collection` asks for the right to it
    too, wherever the processor has it from.
    """

    kind: Kind
    member: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    needs_collection: bool = False


NOTHING = About(Kind.NOTHING)
LIVENESS = About(Kind.LIVENESS, ("SessionId",))
COLLECTION = About(Kind.COLLECTION, ("CollectionId",))
JOB = About(Kind.JOB, ("JobId",))
RESOURCE = About(Kind.RESOURCE, ("ResourceArn",))
STREAM = About(Kind.STREAM, ("Name",))
PROJECT = About(Kind.PROJECT, ("ProjectArn",))
DATASET = About(Kind.DATASET, ("DatasetArn",))
DESTINATION_PROJECT = About(Kind.PROJECT, ("DestinationProjectArn",))
"""What a version is copied into: the right to copy it from its own project is for the operation to check."""
PROJECT_VERSION = About(Kind.PROJECT_VERSION, ("ProjectVersionArn",))
TRAINING_DATASET = About(Kind.DATASET, ("Datasets", "Arn"))
"""The first of some: the others are for the operation to check."""
SEARCHING_STREAM = About(Kind.STREAM, ("Name",), needs_collection=True)
NEW_STREAM = About(
    Kind.STREAM, ("Name",), searched=("Settings", "FaceSearch", "CollectionId"), needs_collection=True
)


def collection_arn(settings: Settings, collection_id: str) -> str:
    return f"arn:aws:rekognition:{settings.region}:{settings.account}:collection/{collection_id}"


def stream_arn(settings: Settings, name: str) -> str:
    return f"arn:aws:rekognition:{settings.region}:{settings.account}:streamprocessor/{name}"


def collection_of(about: About, request: Mapping[str, Any]) -> str | None:
    """The id of the collection that a request names, or None where it names none."""
    if about.kind is Kind.STREAM:
        return _at(about.searched, request)
    named = _at(about.member, request)
    if about.kind is Kind.COLLECTION:
        return named
    return _resource_of(about, named, Kind.COLLECTION)


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
        job_id = _at(about.member, request) or ""
        with stores.database.read() as connection:
            job = find_job(connection, job_id)
            return _of_job(job_id, job, connection, settings)
    named = _at(about.member, request)
    stream = named if about.kind is Kind.STREAM else _resource_of(about, named, Kind.STREAM)
    if stream is not None:
        with stores.database.read() as connection:
            return _of_stream(stream, about, collection_of(about, request), connection, settings)
    if about.kind in (Kind.PROJECT, Kind.DATASET, Kind.PROJECT_VERSION, Kind.RESOURCE) and named is not None:
        with stores.database.read() as connection:
            found = subject_in_project(named, connection, settings)
        if found is not None and about.kind in (found.kind, Kind.RESOURCE):
            return found
    collection_id = collection_of(about, request)
    if collection_id is None:
        return Subject(about.kind, name=named)
    with stores.database.read() as connection:
        return _of_collection(collection_id, connection, settings)


def resolve_job(job: Job, stores: Stores, settings: Settings) -> Subject:
    """The subject of a job that is run: the job, and its collection as it is now, as `resolve` has it."""

    def find() -> Subject:
        with stores.database.read() as connection:
            return _of_job(job.job_id, job, connection, settings)

    return _without_overdue(find, stores)


def resolve_stream(stream: StreamProcessor, stores: Stores, settings: Settings) -> Subject:
    """The subject of a stream processor that is run: it, and its collection as it is now.

    Raises ResourceNotFoundException where it is gone, or was started anew.
    """
    subject = resolve(SEARCHING_STREAM, {"Name": stream.name}, stores, settings)
    current = subject.stream
    if current is None or (current.row, current.session) != (stream.row, stream.session):
        raise processor_not_found(stream.name)
    return replace(subject, is_run=True)


def _resource_of(about: About, named: str | None, kind: Kind) -> str | None:
    """The id that the ARN of a resource tells of a kind, else None."""
    match = _ARN.fullmatch(named) if about.kind is Kind.RESOURCE and named is not None else None
    return match.group(2) if match is not None and match.group(1) == kind else None


def _at(path: tuple[str, ...], request: Mapping[str, Any]) -> str | None:
    value: Any = request if path else None
    for name in path:
        if isinstance(value, list):
            value = value[0] if value else None
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
    if job is None:
        return Subject(Kind.JOB, name=job_id)
    if job.collection_id is None:
        of_project = subject_in_project(str(job.request.get("ProjectArn")), connection, settings)
        arn = "*" if of_project is None else of_project.arn
        return Subject(Kind.JOB, name=job_id, arn=arn, purpose=job.purpose, job=job)
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


def _of_stream(
    name: str, about: About, named: str | None, connection: Connection, settings: Settings
) -> Subject:
    """A stream processor, by its name, and the collection that it searches, or is to search by the request.

    While it is at work it goes by the stricter of what it was started for and what its collection is for.
    """
    stream = find_processor(connection, name)
    of_stream = None if stream is None else stream.collection_id
    collection_id = named if about.searched else of_stream
    found = None if collection_id is None else find_visible(connection, collection_id)
    purpose = _purpose_of(found)
    if stream is not None and stream.status not in IDLE:
        purpose = stricter(purpose, stream.purpose)
    needs = about.needs_collection and collection_id is not None
    return Subject(
        Kind.STREAM,
        name=name,
        arn=stream_arn(settings, name),
        purpose=purpose,
        collection_id=collection_id,
        collection=found,
        stream=stream,
        needed_arn=collection_arn(settings, str(collection_id)) if needs else None,
    )


def _purpose_of(collection: Collection | None) -> str:
    return "general" if collection is None else collection.purpose
