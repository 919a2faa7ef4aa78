"""Builds everything, once: the parts of a process, and the HTTP application around them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from regard.api.answer import ServedApi
from regard.api.model import REGARD, REKOGNITION, load_api
from regard.caller import Caller
from regard.collections.face_models import FACE_MODELS, FaceModel, FaceModels
from regard.collections.fastscan import Sizes
from regard.collections.followed import FollowedIndexes
from regard.collections.following import Report
from regard.collections.milvus import chosen_engine
from regard.console.alert_feed import AlertFeed
from regard.console.building import build_console
from regard.console.signin.places import PasskeyPlaces
from regard.errors import RegardError
from regard.gate import Gate
from regard.governance.audit import AuditLog
from regard.governance.credentials import read_credentials
from regard.governance.holders import Holders
from regard.governance.keys import KeyStore
from regard.governance.profiles import load_profiles
from regard.governance.proof.keeper import SealKeeper
from regard.governance.proof.publication import Publication
from regard.governance.public_reads import PublicReads
from regard.governance.purpose import PURPOSES
from regard.governance.rules.rule import DeclaredOperation
from regard.governance.rules_in_force import note_rules
from regard.governance.upkeep import Task, Upkeep
from regard.liveness.cards import card_in_force, recapture_network
from regard.measurements import Measurements
from regard.metering.follower import UsageFollower
from regard.metering.prices import chosen_price_list
from regard.migration.elsewhere import Elsewhere
from regard.notifications.anchor import anchor_of
from regard.operations import OPERATIONS, Operation
from regard.operations.custom_labels.upkeep import upkeep_tasks
from regard.operations.inputs.live_sources import check_networks
from regard.operations.streams.viewing import LIVE_PATH
from regard.settings import Settings
from regard.storage.database import Database
from regard.stores import Stores
from regard.streams.leases import StreamLeases
from regard.streams.watching import LiveWatching
from regard.tasks.choice import shards_of
from regard.tasks.task_node import open_sessions
from regard.vision.liveness.recapture import RECAPTURE
from regard.vision.models import Models
from regard.vision.session import SessionPool, one_thread_each
from regard.wire.browsers import allow_origins
from regard.wire.endpoint import Endpoint, not_found, routes
from regard.wire.figures import figures_routes
from regard.wire.lanes import OTHER_THREADS, Lanes
from regard.wire.live_pictures import live_route
from regard.wire.liveness_doors import LivenessDoors
from regard.wire.liveness_page import liveness_routes
from regard.wire.measured_server import MeasuredServer
from regard.wire.own import own_routes
from regard.wire.proxies import believe_proxies
from regard.wire.readiness import Readiness
from regard.wire.signing_keys import SigningKeys

_ERASING_SECONDS = 15.0  # between two rounds; images of faces are to be gone when their minutes are over
_MORE_CONNECTIONS = 4  # beside one for each thread of a lane: for keys, and what else looks into the database


@dataclass(frozen=True, slots=True)
class Parts:
    """What one process works with."""

    settings: Settings
    database: Database
    keys: KeyStore
    audit: AuditLog
    indexes: FollowedIndexes
    usage: UsageFollower
    seals: SealKeeper
    upkeep: Upkeep
    erasing: Upkeep  # of what is kept for minutes
    sessions: SessionPool
    models: Models
    face_models: FaceModels
    stores: Stores
    gate: Gate
    public_reads: PublicReads
    alerts: AlertFeed
    readiness: Readiness
    measurements: Measurements
    apis: Mapping[str, ServedApi]  # by what botocore calls the service

    def close(self) -> None:
        """Ends what runs, and closes the database last. One that can't be ended keeps no other from it."""
        with ExitStack() as closing:
            for one in (
                self.database,
                self.indexes,
                self.alerts,
                self.public_reads,
                self.seals,
                self.usage,
                self.erasing,
                self.upkeep,
            ):
                closing.callback(one.close)


def build(
    settings: Settings,
    *,
    report: Report | None = None,
    operations: Mapping[str, Operation] = OPERATIONS,
    face_models: Mapping[str, FaceModel] = FACE_MODELS,
    has_models: bool = True,
    measurements: Measurements | None = None,
) -> Parts:
    """Opens the data folder and the model pack. Models load when they are first used.

    `report` is told how far the loading of a large index is; `operations` are those that can be called,
    `face_models` those that tell faces apart, by version.
    `measurements` are told how long networks, decoding and searches take.
    Without `has_models` no pack is needed, and what observes pictures or faces raises KeyError.

    Raises RegardError when the folder or a setting can't be used, or the pack isn't installed.
    """
    one_thread_each()
    _check(settings)
    prices, profiles = chosen_price_list(settings.prices), load_profiles(settings.profiles)
    anchor, measurements = anchor_of(settings), measurements or Measurements()
    sessions = open_sessions(
        settings,
        {RECAPTURE: lambda: recapture_network(settings)},
        has_models=has_models,
        timings=measurements.networks,
    )
    models, known = Models.on(sessions, measurements.pictures), FaceModels(face_models, settings.face_model)
    with ExitStack() as opened:
        database = Database.open(
            settings.data,
            settings.database,
            connections=settings.worker_count + OTHER_THREADS + _MORE_CONNECTIONS,
        )
        opened.callback(database.close)
        indexes = _open_indexes(settings, database, known, report, measurements)
        opened.callback(indexes.close)
        stores = Stores.of(
            settings,
            database,
            indexes,
            known,
            profiles=profiles,
            prices=prices,
            declared=declared_operations(),
        )
        note_rules(database, stores.audit, profiles, settings.site_purpose)
        opened.pop_all()  # whoever has the parts closes them from here on
    apis = {service: load_api(service) for service in (REKOGNITION, REGARD)}
    public_reads = PublicReads(stores.audit)
    gate = Gate(
        settings,
        models,
        known,
        stores,
        stores.audit,
        operations,
        unbuilt=apis[REKOGNITION].names,
        holder=Holders(stores.keys, stores.accountability.people).find,
        public_reads=public_reads,
    )
    publication = None if anchor is None else Publication(database, stores.seals, anchor)
    return Parts(
        settings=settings,
        database=database,
        keys=stores.keys,
        audit=stores.audit,
        indexes=indexes,
        usage=UsageFollower(stores.usage, stores.vector_counts, stores.quotas),
        seals=SealKeeper(stores.seals, publication),
        upkeep=Upkeep(database, _tasks(stores, settings, models)),
        erasing=Upkeep(
            database, (Task("images of liveness", stores.liveness.erase_due),), seconds=_ERASING_SECONDS
        ),
        sessions=sessions,
        models=models,
        face_models=known,
        stores=stores,
        gate=gate,
        public_reads=public_reads,
        alerts=AlertFeed(stores.stream_events),
        readiness=Readiness(),
        measurements=measurements,
        apis={service: ServedApi.of(api, gate, settings) for service, api in apis.items()},
    )


def _check(settings: Settings) -> None:
    """Raises RegardError for settings that nothing can be built by, before anything is opened."""
    if settings.site_purpose not in PURPOSES:
        raise RegardError(
            f"REGARD_SITE_PURPOSE must be one of {', '.join(PURPOSES)}, not {settings.site_purpose[:80]!r}."
        )
    if not settings.keys.is_dir() and settings.key_folder is not None:
        raise RegardError(f"There is no folder {settings.key_folder} (REGARD_KEY_FOLDER); make it.")
    check_networks(settings)
    card_in_force(settings)


def _open_indexes(
    settings: Settings,
    database: Database,
    models: FaceModels,
    report: Report | None,
    measurements: Measurements,
) -> FollowedIndexes:
    """The indexes of a database, which nothing is read into yet; those of the engine or the shards that the
    settings name. Raises RegardError where these can't be reached.
    """
    return FollowedIndexes(
        database,
        models,
        folder=settings.data / "index",
        threads=settings.search_threads,
        memory=settings.index_bytes,
        sizes=Sizes.of(settings.index_tail),
        report=report,
        engine=chosen_engine(settings),
        shards=shards_of(settings),
        timings=measurements.searches,
    )


def declared_operations() -> Mapping[str, DeclaredOperation]:
    """What this version declares of each operation, by its name, as the rules of the audit log ask for it."""
    return {
        one.name: DeclaredOperation(
            permission=one.permission,
            floor=None if one.matches is None else one.matches.floor,
            act=one.act,
            sets_purpose=one.sets_purpose is not None,
        )
        for one in OPERATIONS.values()
    }


def _tasks(stores: Stores, settings: Settings, models: Models) -> list[Task]:
    """What the upkeep does."""
    examination = stores.accountability.examination
    return [
        Task("void authorizations", stores.authorization_erasure.run_due),
        *stores.privacy.tasks(),
        Task("reviews past their time", lambda _now: examination.reviews.expire()),
        Task("candidates erased since", lambda _now: examination.reviews.forget_erased()),
        Task("what streams saw", stores.stream_events.prune),
        *upkeep_tasks(stores, settings, models),
        Task("streams without leave", lambda _now: len(StreamLeases(stores.database).end_unauthorized())),
    ]


def shown_key(parts: Parts, file: Path) -> Caller:
    """Whoever holds the key in an AWS credentials file, whose secret must be right, as for a signature.

    Raises RegardError for a key of another installation.
    """
    key = parts.keys.shown(*read_credentials(file))
    if key is None:
        raise RegardError(
            f"The key in {file} is none of this installation; `regard keys list` shows its keys."
        )
    parts.stores.quotas.refresh()
    return key.holder


def asgi(
    parts: Parts, *, port: int | None = None, tls_port: int | None = None, elsewhere: Elsewhere | None = None
) -> Starlette:
    """The HTTP application, which is served on `port`, the settings' unless it is said, and by TLS too on
    `tls_port`, where there is one. `elsewhere` is told of the answers to Rekognition's operations.

    The request path: Endpoint (signature) → ServedApi (parse) → gate → ServedApi.
    """
    lanes = Lanes.of(parts.settings)
    stores = parts.stores
    keys = SigningKeys(parts.keys, stores.accountability.sessions, stores.liveness_credentials)
    timings = parts.measurements.answers
    endpoint = Endpoint(
        parts.apis[REKOGNITION], keys, parts.settings, lanes, elsewhere=elsewhere, timings=timings
    )
    own = Endpoint(parts.apis[REGARD], keys, parts.settings, lanes, timings=timings)
    measured = MeasuredServer(
        parts.measurements, lanes, parts.indexes, parts.database, parts.readiness, parts.settings.data
    )
    console = build_console(
        parts.settings,
        stores,
        parts.gate,
        parts.public_reads,
        parts.models,
        parts.apis,
        parts.alerts,
        PasskeyPlaces(parts.settings.public_url, parts.settings.port if port is None else port, tls_port),
    )
    return Starlette(
        routes=[
            *parts.readiness.routes(),
            *figures_routes(parts.settings.metrics_token, measured, stores.usage, stores.seals),
            live_route(
                LIVE_PATH,
                LiveWatching(stores.streams, parts.settings.data, parts.settings.keys).pictures,
                parts.readiness,
            ),
            *LivenessDoors(parts.gate, keys, parts.settings).routes(),
            *liveness_routes(tls_port, card_in_force(parts.settings).basis),
            *console.routes(),
            *routes(endpoint),
            *own_routes(own, parts.apis[REGARD].api),
        ],
        middleware=[
            *believe_proxies(parts.settings.proxies),
            *allow_origins(parts.settings.allowed_origins),
        ],
        exception_handlers={404: not_found},
    )
