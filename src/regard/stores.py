"""What an installation keeps, and where: the stores of one database, and what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regard.collections.celebrities import Celebrities
from regard.collections.erasing import FaceEraser
from regard.collections.face_models import FaceModels
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import Gallery
from regard.collections.retention import FaceRetention
from regard.collections.store import CollectionStore
from regard.collections.upgrades import Upgrades
from regard.collections.users import Users
from regard.custom.stores import CustomLabels
from regard.custom.versions import follow_end
from regard.governance.audit import AuditLog
from regard.governance.authorizations.erasure import AuthorizationErasure
from regard.governance.authorizations.grants import Grants
from regard.governance.authorizations.rows import purge_texts
from regard.governance.authorizations.store import Authorizations
from regard.governance.camera_notices import CameraNotices
from regard.governance.cases import Cases
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
from regard.governance.reports.published import PublishedReports
from regard.governance.responsibility import Responsibility
from regard.governance.reviews import ModerationReviews
from regard.governance.rules.rule import DeclaredOperation
from regard.governance.second_factor import SecondFactors
from regard.governance.sessions import Sessions
from regard.governance.training import Trainings
from regard.governance.upkeep import Task
from regard.jobs.notices import JobNotices
from regard.jobs.store import JobStore
from regard.liveness.credentials import CredentialIssuer
from regard.liveness.sessions import LivenessSessions
from regard.metering.prices import PriceList
from regard.metering.quota_warnings import QuotaWarnings
from regard.metering.quotas import Quotas, QuotaStore
from regard.metering.stored_faces import Enrollers
from regard.metering.usage import UsageStore
from regard.metering.vector_counts import VectorCounts
from regard.settings import Settings
from regard.storage.buckets.objects import ObjectStore
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.streams.events import StreamEvents
from regard.streams.store import StreamStore
from regard.tasks.task_node import open_buckets


@dataclass(frozen=True, slots=True)
class Accountability:
    """Who acts, what they may, and why; built once a process."""

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
    """What is owed to the people whose faces are kept; built once a process."""

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
    """All of it, built once a process. `prices` are the owner's, or None."""

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

    @classmethod
    def of(
        cls,
        settings: Settings,
        database: Database,
        indexes: FollowedIndexes,
        models: FaceModels,
        *,
        profiles: Profiles,
        prices: PriceList | None,
        declared: Mapping[str, DeclaredOperation],
    ) -> Stores:
        """Those of one database, by some settings. `declared` is as in `Accountability.of`.

        Raises RegardError where a bucket's folder is missing, or the database is encrypted with another key
        than this installation's.
        """
        cipher = Cipher(settings.keys, database)
        cipher.check()
        audit = AuditLog(database)
        usage, quota_store = UsageStore(database, audit), QuotaStore(database)
        warnings = QuotaWarnings(audit, settings)
        quotas = Quotas(quota_store, usage, prices, warn=warnings.warn, stored=quota_store.count_faces)
        collections = CollectionStore(database, indexes)
        gallery = Gallery(database, indexes, max_faces=settings.collection_faces)
        users = Users(database, indexes, models, max_users=settings.collection_users)
        jobs = JobStore(database, limit=settings.job_limit, days=settings.job_days, ended=follow_end)
        events = StreamEvents(database, cipher, quiet_seconds=settings.alert_quiet, days=settings.event_days)
        accountability = Accountability.of(database, audit, profiles, cipher, declared)
        return cls(
            collections=collections,
            gallery=gallery,
            users=users,
            celebrities=Celebrities(database, gallery, users, models),
            upgrades=Upgrades(database, indexes, models),
            reviews=ModerationReviews(database),
            objects=open_buckets(settings),
            jobs=jobs,
            notices=JobNotices(database),
            streams=StreamStore(database, limit=settings.stream_limit),
            custom=CustomLabels.of(database, jobs, trainings=settings.training_limit),
            stream_events=events,
            liveness=LivenessSessions(database, cipher),
            liveness_credentials=CredentialIssuer(cipher),
            keys=KeyStore(database),
            accountability=accountability,
            authorization_erasure=AuthorizationErasure(
                accountability.authorizations, jobs, events, accountability.examination.found, audit
            ),
            privacy=Privacy.of(
                database,
                indexes,
                models,
                collections,
                audit,
                profiles.rules,
                cipher,
                feedback_a_day=settings.feedback_a_day,
            ),
            audit=audit,
            seals=Seals(database, audit, settings.keys),
            database=database,
            usage=usage,
            quotas=quotas,
            quota_store=quota_store,
            enrollers=Enrollers(database, quotas),
            vector_counts=VectorCounts(database),
            prices=prices,
        )
