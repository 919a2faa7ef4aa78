"""Runs the jobs on stored videos and on many pictures, one after another, in a process that may die.

A job's steps are committed one by one under a lease (`jobs/leases.py`), so that whoever takes the job
next goes on from the last of them.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection

from regard import tracing
from regard.errors import AccessDeniedException, RegardError, ServiceError, ThrottlingException
from regard.jobs.leases import JobLeases, Lease, LeaseLost
from regard.jobs.records import Job, Status, Step
from regard.jobs.store import JobStore
from regard.measurements import Measurements

_POLL_SECONDS = 0.5
_PRUNE_SECONDS = 600.0
_LATER_SECONDS = 20.0  # before a job that something else kept from running is tried again

log: Any = structlog.get_logger(__name__)


class JobRunner(Protocol):
    """What a worker asks of the gate, the only way to an analysis."""

    def run_job(self, job: Job) -> Iterator[Step]:
        """The rest of a job, step by step. Raises ServiceError."""
        ...

    def may_keep(self, job: Job, connection: Connection) -> None:
        """Raises ServiceError where what a job found may not be kept any more, in the transaction that would
        keep it: hours may lie between a step and the check before it.
        """
        ...


class Worker:
    """Takes jobs and runs them. `gate` is asked for once there is a job: the models take memory and time."""

    def __init__(
        self,
        store: JobStore,
        leases: JobLeases,
        gate: Callable[[], JobRunner],
        *,
        lease_seconds: float,
        measurements: Measurements | None = None,
    ) -> None:
        self._store = store
        self._leases = leases
        self._make_gate = gate
        self._gate: JobRunner | None = None
        self._measured = measurements or Measurements()
        self._lease: Lease | None = None  # of the job that is run
        self._beat_seconds = lease_seconds / 3
        self.name = f"{socket.gethostname()[:64]}/{os.getpid()}/{uuid.uuid4().hex[:8]}"

    def run(self, stop: threading.Event) -> None:
        """Runs jobs until it is told to stop; the step that is under way is finished, its job left to others.

        A database that is away is waited for. Raises RegardError when the models can't be opened.
        """
        pruned = -_PRUNE_SECONDS
        while not stop.is_set():
            try:
                if time.monotonic() - pruned >= _PRUNE_SECONDS and not self._store.prune():
                    pruned = time.monotonic()
                found = self.run_one(stop)
            except ServiceError as error:
                log.warning("the worker waits", reason=error.message)
                found = False
            if not found:
                stop.wait(_POLL_SECONDS)

    def run_one(self, stop: threading.Event) -> bool:
        """Runs the job whose turn it is, to its end or until told to stop; False where there is none."""
        if not self._leases.waiting():
            return False
        if self._gate is None:
            self._gate = self._make_gate()
        lease = self._leases.take(self.name)
        if lease is None:
            return False
        told = {"job": lease.job.job_id, "operation": lease.job.operation}
        if lease.is_taken_over:
            self._measured.leases_taken_over.add("job")
            log.warning("a job is taken over: its worker died or hung", **told)
        log.info("a job is run", **told, progress=lease.job.progress)
        self._lease = lease
        job = lease.job
        with (
            structlog.contextvars.bound_contextvars(job=job.job_id, request_id=job.request_id),
            tracing.linked_span("job", job.trace, **_traced(job)),
        ):
            try:
                outcome = self._run(self._gate, lease, stop)
            except LeaseLost:
                self._measured.leases_lost.add("job")
                outcome = "cancelled, or another worker has it"
            finally:
                self._lease = None
            tracing.describe(**{"regard.outcome": outcome})
        log.info("a job was left", **told, outcome=outcome)
        return True

    def give_back(self) -> None:
        """Leaves the job that is run to the next worker at once, whose step takes longer than this process
        has; from any thread. The step is lost: the lease by which it would be kept is another's.
        """
        lease = self._lease
        if lease is not None:
            self._leases.give_back(lease, within_step=True)
            log.warning("a job was given back within a step", job=lease.job.job_id)

    def _run(self, gate: JobRunner, lease: Lease, stop: threading.Event) -> str:
        try:
            with self._heartbeat(lease), closing(_steps(gate, lease.job)) as steps:
                began = time.perf_counter()
                for step in steps:
                    try:
                        self._leases.commit(lease, step, gate.may_keep)
                    except AccessDeniedException as error:
                        steps.throw(error)  # so that the job's record says why it ended
                    self._measured.steps.observe(time.perf_counter() - began, _operation(lease.job))
                    began = time.perf_counter()
                    if stop.is_set():
                        break
                else:
                    self._leases.finish(lease, Status.SUCCEEDED)
                    return Status.SUCCEEDED
        except LeaseLost:
            raise
        except ServiceError as error:
            if error.status >= 500 or isinstance(error, ThrottlingException):
                self._leases.put_off(lease, error.message, _LATER_SECONDS)
                return "put off"
            return self._fail(lease, error.message, error.code)
        except RegardError as error:
            return self._fail(lease, str(error))
        except Exception:
            log.exception("an analysis failed", job=lease.job.job_id)
            return self._fail(lease, "The analysis failed in a way that is Regard's fault; its log says how.")
        self._leases.give_back(lease)
        return "given back"

    def _fail(self, lease: Lease, message: str, failure: str | None = None) -> str:
        self._leases.finish(lease, Status.FAILED, message, failure=failure)
        return Status.FAILED

    @contextmanager
    def _heartbeat(self, lease: Lease) -> Iterator[None]:
        """Renews the lease meanwhile. Once it is lost, the next commit is refused."""
        done = threading.Event()

        def beat() -> None:
            with suppress(LeaseLost):
                while not done.wait(self._beat_seconds):
                    with suppress(ServiceError):  # the database may be back before the lease lapses
                        self._leases.renew(lease)

        thread = threading.Thread(target=beat, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _steps(gate: JobRunner, job: Job) -> Any:
    return gate.run_job(job)


def _operation(job: Job) -> str:
    """The operation that started a job, as requests call it: StartLabelDetection."""
    return "".join(word.capitalize() for word in job.operation.split("_"))


def _traced(job: Job) -> dict[str, str]:
    """What a trace says of a job."""
    return {"regard.job": job.job_id, "regard.request_id": job.request_id, "rpc.method": job.operation}
