"""The one request that is being served, and what it may be served with."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Connection

from regard.caller import Caller
from regard.collections.face_models import FaceModel, FaceModels
from regard.collections.records import Collection
from regard.collections.store import collection_not_found
from regard.custom.records import CustomDataset, Project
from regard.custom.version_records import ProjectVersion
from regard.errors import ResourceNotFoundException
from regard.governance.authorizations.records import Grant
from regard.governance.cases import Case
from regard.governance.purpose import GENERAL
from regard.jobs.records import Job
from regard.metering.meter import UNMETERED, Meter
from regard.settings import Settings
from regard.stores import Stores
from regard.streams.records import StreamProcessor
from regard.streams.store import processor_not_found
from regard.vision.findings import Pictures
from regard.vision.models import Models

T = TypeVar("T")


Report = Callable[[str, int, int], None]
"""Is told how far something is: the step, what of it is done, and how much it is in all."""


def silent(_step: str, _done: int, _total: int) -> None:
    """For whoever doesn't want to be told."""


def unnoted(**_facts: str | None) -> None:
    """For what has no audit record."""


def unconcluded(_connection: Connection, _answer: Mapping[str, Any]) -> None:
    """For what has no audit record, or is given it once it is answered."""


class Kind(StrEnum):
    """Kinds of subjects. Those that have an ARN are called as in it."""

    NOTHING = "nothing"
    COLLECTION = "collection"
    JOB = "job"
    STREAM = "streamprocessor"
    PROJECT = "project"
    DATASET = "dataset"
    PROJECT_VERSION = "project_version"
    RESOURCE = "resource"
    LIVENESS = "liveness_session"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a request is about, as the gate found it when it admitted the request.

    `name` is the id that the request gave; of a project, and of what is in one, the last part of its ARN.
    `arn` is what policies call the subject: the collection's, of a job the one of the collection that it
    searches, or of the project that it works for; `*` where there is none. `purpose` is what the subject is
    for. `collection`, `job`, `stream`, `project`, `dataset` and `project_version` are None where there are
    none of that name, and of no other kind.
    `needed_arn` is what the caller needs the same right to beside the subject: the collection that a stream
    processor is to search. `is_run` says that a worker runs the stream processor, in the session that it was
    started for.
    """

    kind: Kind = Kind.NOTHING
    name: str | None = None
    arn: str = "*"
    purpose: str = GENERAL
    collection_id: str | None = None
    collection: Collection | None = None
    job: Job | None = None
    stream: StreamProcessor | None = None
    project: Project | None = None
    dataset: CustomDataset | None = None
    project_version: ProjectVersion | None = None
    needed_arn: str | None = None
    is_run: bool = False

    @property
    def authorized_by(self) -> str | None:
        """The authorization that a job, or a processor that is run, was started under; None for none."""
        begun = self.job if not self.is_run else self.stream
        return None if begun is None else begun.authorization_id

    @property
    def told(self) -> dict[str, str | None]:
        """What the audit record says of it, where the request doesn't: of all but collections."""
        if self.job is not None:
            return {"job": self.job.job_id, "collection": self.collection_id}
        if self.kind is Kind.STREAM:
            return {"stream": self.name, "collection": self.collection_id}
        if self.kind is Kind.LIVENESS:
            return {"session": self.name}
        if self.kind in (Kind.PROJECT, Kind.DATASET, Kind.PROJECT_VERSION):
            return {self.kind.value: self.name}
        return {}

    @property
    def version(self) -> int | None:
        """The collection's version: it grows with each change of its faces and users."""
        return None if self.collection is None else self.collection.version


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation may know about the request beside its parameters.

    `face_models` are those that there are; a request is about vectors of its collection's, `face_model`.
    `pictures` keeps the request's pictures and what was found in them, maybe by a request before about the
    same one.
    `subject` is what the request is about. `case` is the case reference that the caller gave with the header
    `x-regard-case`, or None. `purpose` is the one whose rules apply: the subject's or the key's, whichever
    is stricter; `strict` is the strict one among them, or None, and `open_case` the case that a search under
    it is made on; `grant` is the leave that a search in moving pictures is made by. `threshold` is the
    lowest similarity, in percent, of two faces that match; 0 for an operation that matches none. `report`
    is told how far an operation is that takes long, `meter` what changes what it is counted as, and `note`
    what its audit record says beside the request and the answer. `conclude` writes that record of an answer
    in the transaction that makes it true, which has the turn AUDIT: a process that is killed leaves neither
    without the other.
    """

    settings: Settings
    models: Models
    face_models: FaceModels
    stores: Stores
    caller: Caller
    operation: str
    pictures: Pictures
    subject: Subject = Subject()
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    case: str | None = None
    purpose: str = GENERAL
    strict: str | None = None
    open_case: Case | None = None
    grant: Grant | None = None
    threshold: float = 0.0
    report: Report = silent
    meter: Meter = UNMETERED
    note: Callable[..., None] = unnoted
    conclude: Callable[[Connection, Mapping[str, Any]], None] = unconcluded

    @property
    def collection(self) -> Collection:
        """The collection that the request is about. Raises ResourceNotFoundException."""
        if self.subject.collection is None:
            if self.subject.collection_id is None:
                raise ResourceNotFoundException
            raise collection_not_found(self.subject.collection_id)
        return self.subject.collection

    @property
    def face_model(self) -> FaceModel:
        """The model that made that collection. Raises as `collection` does, and InvalidParameterException
        where this version of Regard doesn't know it.
        """
        return self.face_models.of(self.collection.face_model_version)

    @property
    def next_face_model(self) -> FaceModel | None:
        """The model that the collection's vectors are being made anew by; new faces get vectors by both."""
        version = self.collection.next_model
        return None if version is None else self.face_models.of(version)

    @property
    def job(self) -> Job:
        """The job that the request is about, or that is run. Raises ResourceNotFoundException."""
        if self.subject.job is None:
            raise ResourceNotFoundException(f"Could not find JobId: {self.subject.name}")
        return self.subject.job

    @property
    def stream(self) -> StreamProcessor:
        """The stream processor that the request is about. Raises ResourceNotFoundException."""
        if self.subject.stream is None:
            raise processor_not_found(str(self.subject.name))
        return self.subject.stream

    @property
    def project(self) -> Project:
        """The project that the request is about. Raises ResourceNotFoundException; so do the next two."""
        return self._existing(self.subject.project)

    @property
    def dataset(self) -> CustomDataset:
        """The data set."""
        return self._existing(self.subject.dataset)

    @property
    def project_version(self) -> ProjectVersion:
        """The version of a project."""
        return self._existing(self.subject.project_version)

    def _existing(self, found: T | None) -> T:
        if found is None:
            raise ResourceNotFoundException(f"The resource {self.subject.name} does not exist.")
        return found
