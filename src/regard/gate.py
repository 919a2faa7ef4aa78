"""The gate: the one way to an operation, for HTTP, CLI, Python and worker alike.

*admit* decides who, about what, whether they may, and for which purpose; *run* is the operation; *release*
withholds what that purpose shows nobody, and passes the answer on once the audit record is on disk. A job on
a stored video or on many pictures is admitted twice: when it is started, and by what holds when it is run.
Several analyses of one video file in one pass are each admitted and recorded by themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from botocore import xform_name
from sqlalchemy import Connection

from regard import tracing
from regard.caller import Caller
from regard.collections.face_models import FaceModels
from regard.context import Context, Report, silent
from regard.governance import purpose
from regard.governance.audit import AuditLog
from regard.governance.public_reads import PublicReads
from regard.governance.released import Released
from regard.jobs.records import Job, Step
from regard.operations.admission import Admission
from regard.operations.collections.enrolment_ahead import Request, pictures_ahead
from regard.operations.operation import Operation
from regard.operations.request_meter import RequestMeter
from regard.operations.reviewing.release import conclude, release_answer
from regard.operations.stored_video.gated_pass import gated_pass
from regard.operations.stored_video.listing import Listing
from regard.operations.stored_video.runs import StoredAnalysis
from regard.operations.streams.gated import GatedStream, started_by
from regard.operations.subjects import resolve_job
from regard.operations.withholding import withhold
from regard.settings import Settings
from regard.stores import Stores
from regard.streams.records import StreamProcessor
from regard.tasks.executor import Executor
from regard.vision.findings import Pictures
from regard.vision.models import Models


def _nobody(_key_id: str) -> Caller | None:
    return None


class Gate:
    """Admits, runs and releases. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        models: Models,
        face_models: FaceModels,
        stores: Stores,
        audit: AuditLog,
        operations: Mapping[str, Operation],
        *,
        unbuilt: Mapping[str, str],
        holder: Callable[[str], Caller | None] = _nobody,
        public_reads: PublicReads | None = None,
    ) -> None:
        """`operations` are those that there are, by their keys (`detect_labels`).

        `unbuilt` maps the keys of the API's other operations to their names. `holder` tells who holds a key
        now, for what was begun earlier. `public_reads` counts what anybody may call.
        """
        self._models = models
        self.admission = Admission(
            settings, models, face_models, stores, operations, unbuilt=unbuilt, holder=holder
        )
        self._settings = settings
        self._stores = stores
        self._operations = operations
        self._audit = audit
        self._public_reads = public_reads or PublicReads(audit)

    def is_built(self, operation: str) -> bool:
        """Whether there is such an operation in this version."""
        return operation in self._operations

    def name_of(self, operation: str) -> str:
        """The API's name of an operation, by its key. Raises KeyError."""
        return self.admission.name_of(operation)

    def declared(self, name: str) -> Operation | None:
        """The operation of that name of the API's, `DetectFaces`; None where it is not built."""
        return self._operations.get(xform_name(name))

    def call(
        self, operation: str, params: Mapping[str, Any], caller: Caller, **options: Any
    ) -> dict[str, Any]:
        """The body of what `answer` answers, with its options, for who reads no headers."""
        return self.answer(operation, params, caller, **options).body

    def answer(
        self,
        operation: str,
        params: Mapping[str, Any],
        caller: Caller,
        *,
        request_id: str | None = None,
        case: str | None = None,
        pictures: Pictures | None = None,
        report: Report = silent,
    ) -> Released:
        """Runs an operation, named by its key, for a caller who has been authenticated.

        `params` and the answer have the shapes of the operation's API. `pictures` is what requests about
        one picture share, so that it is decoded and examined once; each is admitted and recorded all the
        same. `report` is told how far an operation is that takes long. Raises ServiceError for everything
        that is the caller's to mend. Whatever happens is in the audit log before it leaves.
        """
        public = self._operations.get(operation)
        if public is not None and public.is_public:
            return self._read_publicly(public, params, caller)
        record = self.admission.record_of(operation, params, caller, request_id or str(uuid.uuid4()), case)
        try:
            admitted = self.admission.admit(operation, params, caller, record, pictures=pictures)
            declared = admitted.operation
            record.note(declared.notes, params)
            if declared.is_long:
                record.begin()
            meter = RequestMeter(self._audit, self._operations, declared)
            context = replace(
                admitted.context,
                report=report,
                meter=meter,
                note=record.about,
                conclude=partial(conclude, declared, record),
            )
            with tracing.span("operation"):
                response = declared.run(context, admitted.request)
            response = withhold(declared.shows, response, purpose.floor_of(context.purpose))
            units = meter.units(admitted.request)
            return release_answer(declared, context, admitted.request, response, record, units)
        except Exception as error:
            record.end(error)
            raise

    def _read_publicly(self, operation: Operation, params: Mapping[str, Any], caller: Caller) -> Released:
        """Runs what anybody may call. It is counted: with a record for each, strangers could fill the log."""
        self._public_reads.count(operation.name)
        admitted = self.admission.admit_anybody(operation, params, caller)
        return Released(operation.run(admitted.context, admitted.request))

    def run_job(self, job: Job) -> Iterator[Step]:
        """The rest of a job, for whoever started it and by the rules that hold now; a step is for the caller
        to commit.

        A collection that has become stricter raises the job's threshold. Raises AccessDeniedException when
        the key is suspended, gone, or may not any more, at the latest before the next step; and whatever the
        analysis raises. That it begins and how it ends is in the audit log; closing it ends it as
        `interrupted`.
        """
        caller = self.admission.now(job.caller)
        record = self.admission.record_of(job.operation, job.request, caller, job.request_id, job.case)
        record.about(job=job.job_id, collection=job.collection_id, stage="run")
        found, reached = 0, Step([], job.state or {}, job.progress, job.facts)
        try:
            admitted = self.admission.admit_again(
                job.operation,
                job.request,
                job.caller,
                resolve_job(job, self._stores, self._settings),
                record,
                requested=job.threshold,
            )
            record.begin()
            context = replace(admitted.context, note=record.about)
            for step in admitted.operation.analyze(context, admitted.request, job.state):
                found, reached = found + len(step.items), step.after(reached)
                yield step
                self.admission.refuse_withdrawn(admitted, job.caller)
        except BaseException as error:
            if isinstance(error, GeneratorExit):
                record.results = {"items": found}
            record.end(error)
            raise
        record.results = {"items": found}
        record.units = admitted.operation.units_done(reached, job.request)
        record.end()

    def begin(self, stream: StreamProcessor) -> GatedStream:
        """Has a stream processor run, for whoever started it and by the rules that hold now. Raises
        ServiceError where it may not; what it answers raises it as soon as it may not any more.
        """
        caller = self.admission.now(started_by(stream))
        return GatedStream(stream, caller, self._stores, self._settings, self.admission)

    def may_keep(self, job: Job, connection: Connection) -> None:
        """Raises AccessDeniedException unless what a job found may be kept, by the transaction that would."""
        if job.authorization_id is not None:
            self._stores.accountability.grants.check_step(connection, job.authorization_id)

    def run_pass(
        self,
        requests: Mapping[str, Mapping[str, Any]],
        source: Path | BinaryIO,
        caller: Caller,
        *,
        case: str | None = None,
    ) -> Generator[dict[str, Step]]:
        """Several analyses of one video file in one pass, place by place: by Start operation, what is new.

        `requests` are Start requests by operation; no job is made of them, and of `Video` nothing is read.
        `source` is opened as it is, so that no caller from afar may name it; an open file that can't be
        sought is read as it comes. Each analysis is admitted by itself, by what holds now; none begins unless
        all are. That each begins and how it ends is in the audit log, with the file's name. Matches below the
        floor of the purpose that holds when they are found are withheld.

        Raises AccessDeniedException, at the latest before the next step when the right was withdrawn;
        InvalidParameterException for what is no video, or a threshold below the floor; and whatever the
        analyses raise. What was done is counted, unless it failed.
        """
        return gated_pass(self.admission, requests, source, caller, case)

    def pictures_ahead(
        self, cluster: Executor, requests: Iterable[Request], caller: Caller
    ) -> Generator[Pictures]:
        """What a caller's IndexFaces requests share with `answer`, as the function of this name says."""

        def foresee(request: Request) -> Context:
            return self.admission.foresee("index_faces", request, caller)

        return pictures_ahead(cluster, self._models, requests, foresee)

    def listing_of(self, operation: str) -> Listing:
        """What the Get operation of a Start operation lists, and how. Raises KeyError for every other."""
        analysis = self._operations[operation].analysis
        if not isinstance(analysis, StoredAnalysis):
            raise KeyError(operation)
        return analysis.listing
