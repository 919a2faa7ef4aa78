"""The gate: the one way to an operation, for HTTP, CLI, Python and worker alike.

*admit* decides who, whether they may, and for which purpose; *run* is the operation; *release* passes the
answer on once the audit record is on disk.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from regard.caller import Caller
from regard.context import Context, Services
from regard.errors import (
    AccessDeniedException,
    NotImplementedException,
    ResourceNotFoundException,
    ServiceError,
)
from regard.governance import policy, purpose
from regard.governance.audit import AuditLog
from regard.operations import OPERATIONS, Operation
from regard.operations.resources import collection_arn, collection_of
from regard.vision.looks import Looks


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may run: what runs, in which context, with the parameters the rules left it."""

    run: Operation
    context: Context
    request: dict[str, Any]


class Gate:
    """Admits, runs and releases. Thread-safe."""

    def __init__(self, services: Services, audit: AuditLog, *, names: Mapping[str, str]) -> None:
        """`names` maps every operation of the API, built or not, to the name that AWS gives it."""
        self._services = services
        self._names = names
        self._audit = audit

    def is_built(self, operation: str) -> bool:
        """Whether there is such an operation in this version."""
        return operation in OPERATIONS

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
            admitted = self._admit(operation, params, caller, record, looks or self._services.looks())
            response = admitted.run(admitted.context, admitted.request)
        except Exception as error:
            outcome = error.code if isinstance(error, ServiceError) else "InternalServerError"
            self._release(record, outcome, started)
            raise
        record["results"] = _results(response)
        self._release(record, "ok", started)
        return response

    def _admit(
        self,
        operation: str,
        params: Mapping[str, Any],
        caller: Caller,
        record: dict[str, Any],
        looks: Looks,
    ) -> Admitted:
        if caller.suspended:
            raise AccessDeniedException(f"The key {caller.key_id} is suspended.")
        collection_id = collection_of(params)
        self._refuse_unauthorized(self._names[operation], caller, collection_id)
        if operation == "create_collection" and params.get("Tags"):
            self._refuse_unauthorized("TagResource", caller, collection_id)  # as AWS asks
        run = OPERATIONS.get(operation)
        if run is None:
            raise NotImplementedException(
                f"{self._names[operation]} is not built in this version of Regard; "
                "docs/operations.md lists the operations that are."
            )
        current = self._purpose_of(collection_id)
        record["purpose"] = effective = purpose.stricter(current, caller.purpose)
        self._refuse_lowered_purpose(operation, params, current, caller)
        request = purpose.with_threshold(operation, params, effective)
        settled = purpose.settled_threshold(
            operation, self._services.settings.celebrity_similarity, effective
        )
        record["threshold"] = purpose.threshold_of(operation, request) if settled is None else settled
        context = Context(
            services=self._services,
            caller=caller,
            operation=operation,
            looks=looks,
            request_id=record["request_id"],
            case=record["case"],
            purpose=effective,
            collection_purpose=current,
            threshold=settled,
        )
        return Admitted(run, context, request)

    def _refuse_unauthorized(self, name: str, caller: Caller, collection_id: str | None) -> None:
        settings = self._services.settings
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
            tags = self._services.collections.tags(collection_id)
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


def _results(response: Mapping[str, Any]) -> dict[str, int]:
    """How many of each the answer lists."""
    return {name: len(value) for name, value in response.items() if isinstance(value, list)}
