"""The gate: the one way to an operation, for HTTP, CLI, Python and worker alike.

*admit* decides who, whether they may, and for which purpose; *run* is the operation; *release* withholds
what that purpose shows nobody, and passes the answer on once the audit record is on disk. A job on a stored
video or on many pictures is admitted twice: when it is started, and by what holds when it is run. Several
analyses of one video file in one pass are each admitted and recorded by themselves.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from regard.caller import Caller
from regard.context import Context, Models, Stores
from regard.errors import (
    AccessDeniedException,
    NotImplementedException,
    ResourceNotFoundException,
    ServiceError,
)
from regard.governance import policy, purpose
from regard.governance.audit import AuditLog
from regard.jobs.records import Job
from regard.operations import ABOUT_JOBS, OPERATIONS, OWN, OWN_NAMES, RUNS, Operation, Step, is_built
from regard.operations.resources import collection_arn, collection_of
from regard.operations.stored_results import LISTINGS
from regard.operations.video.listing import Listing
from regard.operations.video.runs import sweep
from regard.operations.withholding import withhold, withhold_found
from regard.settings import Settings
from regard.vision.looks import Looks


def _nobody(_key_id: str) -> Caller | None:
    return None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may run: in which context, with the parameters the rules left it."""

    context: Context
    request: dict[str, Any]


class Gate:
    """Admits, runs and releases. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        models: Models,
        stores: Stores,
        audit: AuditLog,
        *,
        names: Mapping[str, str],
        holder: Callable[[str], Caller | None] = _nobody,
    ) -> None:
        """`names` maps every operation of the API, built or not, to the name that AWS gives it.

        `holder` tells who holds a key now, for what was begun earlier.
        """
        self._settings = settings
        self._models = models
        self._stores = stores
        self._names = {**OWN_NAMES, **names}
        self._holder = holder
        self._audit = audit

    def is_built(self, operation: str) -> bool:
        """Whether there is such an operation in this version."""
        return is_built(operation)

    def name_of(self, operation: str) -> str:
        """AWS's name of an operation that botocore's `xform_name` names. Raises KeyError."""
        return self._names[operation]

    def call(
        self,
        operation: str,
        params: Mapping[str, Any],
        caller: Caller,
        *,
        request_id: str | None = None,
        case: str | None = None,
        looks: Looks | None = None,
    ) -> dict[str, Any]:
        """Runs an operation, named as botocore's `xform_name` does, for a caller who has been authenticated.

        `params` and the answer have the shapes of Rekognition's API. `looks` is what requests about one
        picture share, so that it is decoded and looked at once; each is admitted and recorded all the same.
        Raises ServiceError for everything that is the caller's to mend. Whatever happens is in the audit log
        before it leaves.
        """
        started = time.monotonic()
        record = _record(self._names[operation], params, caller, request_id or str(uuid.uuid4()), case)
        try:
            admitted = self._admit(operation, params, caller, record, looks=looks)
            run: Operation = OPERATIONS.get(operation) or OWN[operation]
            response = run(admitted.context, admitted.request)
            response = withhold(operation, response, purpose.floor_of(admitted.context.purpose))
        except Exception as error:
            self._release(record, _outcome(error), started)
            raise
        record["results"] = _results(response)
        if operation in RUNS:
            record["job"] = response["JobId"]
        self._release(record, "ok", started)
        return response

    def run_job(self, job: Job) -> Iterator[Step]:
        """The rest of a job, for whoever started it and by the rules that hold now; a step is for the caller
        to commit.

        A collection that has become stricter raises the job's threshold. Raises AccessDeniedException when
        the key is suspended, gone, or may not any more, at the latest before the next step; and whatever the
        analysis raises. That it begins and how it ends is in the audit log; closing it ends it as
        `interrupted`.
        """
        started = time.monotonic()
        caller = self._holder(job.caller.key_id) or job.caller
        record = _record(self._names[job.operation], job.request, caller, job.request_id, job.case)
        record["job"] = job.job_id
        found = 0
        try:
            admitted = self._admit_job(job, record)
            self._release(dict(record), "begun", started)
            for step in RUNS[job.operation](admitted.context, admitted.request, job.state):
                found += len(step.items)
                yield step
                self._refuse_withdrawn(job.operation, job.caller, job.collection_id)
        except GeneratorExit as error:
            record["results"] = {"items": found}
            self._release(record, _outcome(error), started)
            raise
        except Exception as error:
            self._release(record, _outcome(error), started)
            raise
        record["results"] = {"items": found}
        self._release(record, "ok", started)

    def sweep(
        self,
        requests: Mapping[str, Mapping[str, Any]],
        source: Path,
        caller: Caller,
        *,
        case: str | None = None,
    ) -> Generator[dict[str, Step]]:
        """Several analyses of one video file in one pass, place by place: by Start operation, what is new.

        `requests` are Start requests by operation; no job is made of them, and of `Video` nothing is read.
        `source` is opened as it is, so that no caller from afar may name it. Each analysis is admitted by
        itself, by what holds now; nothing is looked at unless all are. That each begins and how it ends is in
        the audit log, with the file's name. Matches below the floor of the purpose that holds when they are
        found are withheld.

        Raises AccessDeniedException, at the latest before the next step when the right was withdrawn;
        InvalidParameterException for what is no video, or a threshold below the floor; and whatever the
        analyses raise.
        """
        started = time.monotonic()
        records: dict[str, dict[str, Any]] = {}
        admitted: dict[str, Admitted] = {}
        for operation, params in requests.items():
            name, request_id = self._names[operation], str(uuid.uuid4())
            record = _record(name, params, caller, request_id, case) | {"video": source.name}
            try:
                admitted[operation] = self._admit(operation, params, caller, record)
            except Exception as error:
                self._release(record, _outcome(error), started)
                raise
            records[operation] = record
        found = dict.fromkeys(records, 0)

        def end(outcome: str) -> None:
            for operation, record in records.items():
                record["results"] = {"items": found[operation]}
                self._release(record, outcome, started)

        for record in records.values():
            self._release(dict(record), "begun", started)
        try:
            runs = {operation: (one.context, one.request) for operation, one in admitted.items()}
            for steps in sweep(runs, source):
                released = {
                    operation: self._withheld(admitted[operation], step) for operation, step in steps.items()
                }
                for operation, step in released.items():
                    found[operation] += len(step.items)
                yield released
                for operation, params in requests.items():
                    self._refuse_withdrawn(operation, caller, collection_of(params))
        except BaseException as error:  # somebody's Ctrl-C among them
            end(_outcome(error))
            raise
        end("ok")

    def listing_of(self, operation: str) -> Listing:
        """What the Get operation of a Start operation lists, and how. Raises KeyError for every other."""
        return {listing.start: listing for listing in LISTINGS.values()}[operation]

    def _withheld(self, admitted: Admitted, step: Step) -> Step:
        """The step as it may leave: the collection may have become stricter since the analysis began."""
        context = admitted.context
        current = purpose.stricter(context.purpose, self._purpose_of(collection_of(admitted.request)))
        items = withhold_found(context.operation, step.items, purpose.floor_of(current))
        return replace(step, items=items)

    def _admit_job(self, job: Job, record: dict[str, Any]) -> Admitted:
        caller = self._refuse_withdrawn(job.operation, job.caller, job.collection_id)
        return self._admit(job.operation, job.request, caller, record, job=job)

    def _refuse_withdrawn(self, operation: str, began: Caller, collection_id: str | None) -> Caller:
        """Whoever began something, as they are now. Raises AccessDeniedException if they may not any more."""
        caller = self._holder(began.key_id)
        if caller is None:
            raise AccessDeniedException(f"The key {began.key_id}, which started the job, is gone.")
        if caller.suspended:
            raise AccessDeniedException(f"The key {caller.key_id}, which started the job, is suspended.")
        self._refuse_unauthorized(self._names[operation], caller, collection_id)
        return caller

    def _admit(
        self,
        operation: str,
        params: Mapping[str, Any],
        caller: Caller,
        record: dict[str, Any],
        *,
        looks: Looks | None = None,
        job: Job | None = None,
    ) -> Admitted:
        """Admits a request or, with `job`, the running of a job that was admitted when it was started."""
        if caller.suspended:
            raise AccessDeniedException(f"The key {caller.key_id} is suspended.")
        of = job or self._job_of(operation, params)
        collection_id = collection_of(params) if of is None else of.collection_id
        if of is not None:
            record |= {"collection": collection_id, "job": of.job_id}
        self._refuse_unauthorized(self._names[operation], caller, collection_id)
        if operation == "create_collection" and params.get("Tags"):
            self._refuse_unauthorized("TagResource", caller, collection_id)  # as AWS asks
        if not is_built(operation):
            raise NotImplementedException(
                f"{self._names[operation]} is not built in this version of Regard; "
                "docs/operations.md lists the operations that are."
            )
        current = self._purpose_of(collection_id)
        effective = purpose.stricter(current, caller.purpose)
        if of is not None:
            effective = purpose.stricter(effective, of.purpose)  # its collection may be gone, or another one
        record["purpose"] = effective
        self._refuse_lowered_purpose(operation, params, current, caller)
        request = purpose.with_threshold(operation, params, effective, raised=job is not None)
        settled = purpose.settled_threshold(operation, self._settings.celebrity_similarity, effective)
        record["threshold"] = purpose.threshold_of(operation, request) if settled is None else settled
        context = Context(
            settings=self._settings,
            models=self._models,
            stores=self._stores,
            caller=caller,
            operation=operation,
            looks=looks or self._models.looks(),
            request_id=record["request_id"],
            case=record["case"],
            purpose=effective,
            collection_purpose=current,
            threshold=settled,
            job=job,
        )
        return Admitted(context, request)

    def _job_of(self, operation: str, params: Mapping[str, Any]) -> Job | None:
        """The job that a request is about, which has a collection and a purpose of its own."""
        if "JobId" not in params or operation not in ABOUT_JOBS:
            return None
        return self._stores.jobs.find(str(params["JobId"]))

    def _refuse_unauthorized(self, name: str, caller: Caller, collection_id: str | None) -> None:
        settings = self._settings
        action = f"rekognition:{name}"
        resource = "*" if collection_id is None else collection_arn(settings, collection_id)
        if not policy.allows(caller, action, resource):
            user = f"arn:aws:iam::{settings.account}:user/{caller.name}"
            raise AccessDeniedException(
                f"User: {user} is not authorized to perform: {action} on resource: {resource}"
            )

    def _purpose_of(self, collection_id: str | None) -> str:
        if collection_id is None:
            return purpose.GENERAL
        try:
            tags = self._stores.collections.tags(collection_id)
        except ResourceNotFoundException:
            return purpose.GENERAL  # the operation says so, in its own words
        return tags.get(purpose.TAG, purpose.GENERAL)

    def _refuse_lowered_purpose(
        self, operation: str, params: Mapping[str, Any], current: str, caller: Caller
    ) -> None:
        tags = params.get("Tags") or {}
        purpose.check_tags(tags)
        if operation in ("create_collection", "tag_resource") and purpose.TAG in tags:
            new = purpose.parse(tags[purpose.TAG])
        elif operation == "untag_resource" and purpose.TAG in params.get("TagKeys", ()):
            new = purpose.GENERAL
        else:
            return
        if operation != "create_collection":
            purpose.check_change(current, new, admin=caller.role == "admin")

    def _release(self, record: dict[str, Any], outcome: str, started: float) -> None:
        """Writes the audit record. Review, retention and disclosure will decide here what leaves."""
        record["outcome"] = outcome
        record["milliseconds"] = round((time.monotonic() - started) * 1000, 1)
        self._audit.append(record)


def _record(
    operation: str, params: Mapping[str, Any], caller: Caller, request_id: str, case: str | None
) -> dict[str, Any]:
    """What the log keeps of a request: who, what and why, but no picture and nothing of a face."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request_id": request_id,
        "key": caller.key_id,
        "name": caller.name,
        "role": caller.role,
        "operation": operation,
        "collection": collection_of(params),
        "case": case,
        "purpose": caller.purpose,
        "threshold": None,
        "results": None,
    }


def _outcome(error: BaseException) -> str:
    if not isinstance(error, Exception):
        return "interrupted"
    return error.code if isinstance(error, ServiceError) else "InternalServerError"


def _results(response: Mapping[str, Any]) -> dict[str, int]:
    """How many of each the answer lists."""
    return {name: len(value) for name, value in response.items() if isinstance(value, list)}
