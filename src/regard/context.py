"""The one request that is being served, and what it may be served with."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Connection

from regard.caller import Caller
from regard.collections.celebrities import Celebrities
from regard.collections.erasing import FaceEraser
from regard.collections.face_models import FaceModel, FaceModels
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.records import Collection
from regard.collections.retention import FaceRetention
from regard.collections.store import CollectionStore, collection_not_found
from regard.collections.upgrades import Upgrades
from regard.collections.users import Users
from regard.custom.records import CustomDataset, Project
from regard.custom.stores import CustomLabels
from regard.custom.version_records import ProjectVersion
from regard.errors import ResourceNotFoundException
from regard.governance.audit import AuditLog
from regard.governance.authorizations.erasure import AuthorizationErasure
from regard.governance.authorizations.grants import Grants
from regard.governance.authorizations.records import Grant
from regard.governance.authorizations.rows import purge_texts
from regard.governance.authorizations.store import Authorizations
from regard.governance.camera_notices import CameraNotices
from regard.governance.cases import Case, Cases
from regard.governance.examination.examination import Examination
from regard.governance.examination.purging import purge_reviews
from regard.governance.invitations import Invitations
from regard.governance.keys import KeyStore
from regard.governance.people import People
from regard.governance.privacy.consents import Consents
from regard.governance.privacy.erasures import Erasures
from regard.governance.privacy.feedback_box import FeedbackBox
from regard.governance.privacy.holds import CaseHolds
from regard.governance.privacy.purging import CasePurge
from regard.governance.privacy.retention import Retention
from regard.governance.profiles import Profiles, Rules
from regard.governance.proof.seals import Seals
from regard.governance.purpose import GENERAL
from regard.governance.reports.published import PublishedReports
from regard.governance.responsibility import Responsibility
from regard.governance.reviews import ModerationReviews
from regard.governance.rules.rule import DeclaredOperation
from regard.governance.second_factor import SecondFactors
from regard.governance.sessions import Sessions
from regard.governance.training import Trainings
from regard.governance.upkeep import Task
from regard.jobs.notices import JobNotices
from regard.jobs.records import Job
from regard.jobs.store import JobStore
from regard.liveness.credentials import CredentialIssuer
from regard.liveness.sessions import LivenessSessions
from regard.metering.meter import UNMETERED, Meter
from regard.metering.prices import PriceList
from regard.metering.quotas import Quotas, QuotaStore
from regard.metering.stored_faces import Enrollers
from regard.metering.usage import UsageStore
from regard.metering.vector_counts import VectorCounts
from regard.settings import Settings
from regard.storage.buckets.objects import ObjectStore
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.streams.events import StreamEvents
from regard.streams.records import StreamProcessor
from regard.streams.store import StreamStore, processor_not_found
from regard.vision.findings import Pictures
from regard.vision.models import Models

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Accountability:
    """Who acts, what they may, and why; built once, in `regard.app`."""

    people: People
    invitations: Invitations
    factors: SecondFactors
    sessions: Sessions
    trainings: Trainings
    cases: Cases
    profiles: Profiles
    responsibility: Responsibility
    authorizations: Authorizations
    grants: Grants
    camera_notices: CameraNotices
    examination: Examination
    published: PublishedReports
    declared: Mapping[str, DeclaredOperation]

    @classmethod
    def of(
        cls,
        database: Database,
        audit: AuditLog,
        profiles: Profiles,
        cipher: Cipher,
        declared: Mapping[str, DeclaredOperation],
    ) -> Accountability:
        """That of one database, under the rules of some profiles. `declared` is what this version declares of
        its operations, by their names, as a replay of the log asks for it.
        """
        cases, trainings = Cases(database), Trainings(database, profiles.rules.training_days)
        return cls(
            people=People(database),
            invitations=Invitations(database),
            factors=SecondFactors(database, cipher),
            sessions=Sessions(database),
            trainings=trainings,
            cases=cases,
            profiles=profiles,
            responsibility=Responsibility(cases, trainings, audit),
            authorizations=Authorizations(database, profiles.rules),
            grants=Grants(database),
            camera_notices=CameraNotices(database),
            examination=Examination.of(database, audit, cipher, profiles.rules),
            published=PublishedReports(database),
            declared=declared,
        )


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is owed to the people whose faces are kept; built once, in `regard.app`."""

    consents: Consents
    erasures: Erasures
    eraser: FaceEraser
    faces: FaceRetention
    retention: Retention
    holds: CaseHolds
    cases: CasePurge
    feedback: FeedbackBox

    @classmethod
    def of(
        cls,
        database: Database,
        indexes: FollowedIndexes,
        models: FaceModels,
        collections: CollectionStore,
        audit: AuditLog,
        rules: Rules,
        cipher: Cipher,
        *,
        feedback_a_day: int,
    ) -> Privacy:
        """That of one database, under some rules; `feedback_a_day` is what an address may send."""
        consents, erasures = Consents(database, rules.inactivity_days), Erasures(database, audit)
        eraser, retention = FaceEraser(database, indexes, models, erasures), Retention(rules)
        return cls(
            consents=consents,
            erasures=erasures,
            eraser=eraser,
            faces=FaceRetention(
                database, collections, consents, eraser, retention, always_consent=rules.consent_always
            ),
            retention=retention,
            holds=CaseHolds(database),
            cases=CasePurge(database, audit, retention, also=(purge_texts, purge_reviews)),
            feedback=FeedbackBox(database, audit, cipher, retention, a_day=feedback_a_day),
        )

    def tasks(self) -> tuple[Task, ...]:
        """What the upkeep does of it."""
        return (
            Task("faces past their time", self.faces.erase_all_due),
            Task("closed cases", self.cases.run_due),
            Task("answered feedback", self.feedback.run_due),
        )


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept, and where; built once, in `regard.app`. `prices` are the owner's, or None."""

    collections: CollectionStore
    gallery: Gallery
    users: Users
    celebrities: Celebrities
    upgrades: Upgrades
    reviews: ModerationReviews
    objects: ObjectStore
    jobs: JobStore
    notices: JobNotices
    streams: StreamStore
    custom: CustomLabels
    stream_events: StreamEvents
    liveness: LivenessSessions
    liveness_credentials: CredentialIssuer
    keys: KeyStore
    accountability: Accountability
    authorization_erasure: AuthorizationErasure
    privacy: Privacy
    audit: AuditLog
    seals: Seals
    database: Database
    usage: UsageStore
    quotas: Quotas
    quota_store: QuotaStore
    enrollers: Enrollers
    vector_counts: VectorCounts
    prices: PriceList | None


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
