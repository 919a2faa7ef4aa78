"""`regard worker`."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import Annotated

import typer

from regard import logs, tracing
from regard.cli.opening import check_database
from regard.cli.options import DataFolder, joined_buckets
from regard.cli.stopping import end_after, stop_on_signals
from regard.cli.worker_metrics import telling
from regard.custom.versions import follow_end
from regard.governance.audit import AuditLog
from regard.governance.examination.duty import outbox_of_calls
from regard.governance.examination.notices import outbox_of
from regard.governance.keys import KeyStore
from regard.governance.proof.keeper import SealKeeper
from regard.governance.proof.publication import Publication
from regard.governance.proof.seals import Seals
from regard.jobs.leases import JobLeases
from regard.jobs.notices import JobNotices
from regard.jobs.store import JobStore
from regard.jobs.worker import JobRunner, Worker
from regard.measurements import Measurements
from regard.notifications.anchor import anchor_of
from regard.notifications.delivery import Delivery
from regard.settings import Settings
from regard.storage.database import Database
from regard.storage.folder import in_use

_ATTACHED = "--attached"


def worker(
    data: DataFolder = None,
    bucket: Annotated[
        list[str] | None, typer.Option(help="NAME=FOLDER: the folder that the server serves as bucket NAME.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="Where custom models are fine-tuned: cpu, cuda, none; REGARD_TRAINING_DEVICE."),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT of a Ray cluster that this machine is part of, or auto: it does the tasks; "
            "REGARD_RAY."
        ),
    ] = None,
    attached: Annotated[
        bool, typer.Option(_ATTACHED, hidden=True, help="Stop when standard input ends.")
    ] = False,
) -> None:
    """Run jobs on stored videos and on many pictures, and trainings. `regard serve` starts one; more of them,
    on any machine, share the jobs.
    """
    settings = Settings.load(data=data, buckets=joined_buckets(bucket), training_device=device, ray=ray)
    check_database(settings)
    logs.configure(settings.log)
    tracing.configure("regard-worker")
    stop = threading.Event()
    stop_on_signals(stop.set)
    if attached:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    measurements = Measurements()
    if settings.ray is not None:  # what models need is loaded with the first job, or for the cluster now
        from regard.tasks.choice import tasks_measured

        measurements = replace(measurements, tasks=tasks_measured(settings))  # no cluster there is told now
    with in_use(settings.data), telling(settings, measurements, attached=attached):
        _work(settings, stop, measurements)


def _work(settings: Settings, stop: threading.Event, measurements: Measurements) -> None:
    with ExitStack() as opened:
        database = Database.open(settings.data, settings.database, connections=4)
        opened.callback(database.close)
        keys = KeyStore(database)

        def secret_of(key_id: str) -> str | None:
            key = keys.find(key_id)
            return None if key is None else key.secret

        def gate() -> JobRunner:
            from regard.app import build  # seconds and memory that only a worker with work pays

            parts = build(settings, measurements=measurements)
            opened.callback(parts.close)
            parts.upkeep.keep_level()
            return parts.gate

        store = JobStore(database, limit=settings.job_limit, days=settings.job_days, ended=follow_end)
        leases = JobLeases(store, seconds=settings.job_lease, attempts=settings.job_attempts)
        outboxes = (outbox_of_calls(database), outbox_of(database))
        delivery = Delivery(JobNotices(database), settings, secret_of, others=outboxes)
        keeper = _keeper(settings, database)
        opened.callback(keeper.close)
        keeper.keep_level()
        courier = threading.Thread(target=delivery.run, args=(stop,), name="delivery")
        courier.start()
        runner = Worker(store, leases, gate, lease_seconds=settings.job_lease, measurements=measurements)

        def hurry() -> None:
            stop.wait()
            end_after(settings.stop_seconds, runner.give_back, 0)

        threading.Thread(target=hurry, name="hurry", daemon=True).start()
        try:
            runner.run(stop)
        finally:
            stop.set()
            courier.join()


def _keeper(settings: Settings, database: Database) -> SealKeeper:
    anchor, seals = anchor_of(settings), Seals(database, AuditLog(database), settings.keys)
    return SealKeeper(seals, None if anchor is None else Publication(database, seals, anchor))


def _stop_at_end_of_input(stop: threading.Event) -> None:
    """The server that started this holds the other end, and lets go of it however it ends."""
    while os.read(sys.stdin.fileno(), 1):  # not by its buffer, whose lock a thread may not hold at exit
        pass
    stop.set()


def attached_command() -> list[str]:
    """How a server starts a worker that stops with it."""
    return [sys.executable, "-m", "regard", "worker", _ATTACHED]
