"""What one request is counted as, beside what its operation declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.governance.audit import AuditLog
from regard.governance.record import Record
from regard.jobs.records import Job
from regard.operations.operation import Operation


class RequestMeter:
    """Counts one request, which `operation` answers; see `context.Meter`."""

    def __init__(self, log: AuditLog, operations: Mapping[str, Operation], operation: Operation) -> None:
        self._log = log
        self._operations = operations
        self._operation = operation
        self._is_repeated = False

    def repeat(self) -> None:
        """The answer is one that was given before, to a request with the same token: it counts nothing."""
        self._is_repeated = True

    def cancel(self, job: Job) -> None:
        """Records what a job has done that was ended before it was done, as of whoever started it."""
        operation = self._operations[job.operation]
        record = Record(
            self._log,
            operation=operation.name,
            collection=job.collection_id,
            caller=job.caller,
            request_id=job.request_id,
            case=job.case,
        )
        record.about(job=job.job_id, stage="cancelled")
        record.purpose, record.threshold = job.purpose, job.threshold
        record.units = operation.units_done(job, job.request)
        record.cancel()

    def units(self, request: Mapping[str, Any]) -> dict[str, int]:
        """What usage counts of the request, which was answered. What starts a job or a stream is counted as
        that runs.
        """
        if self._is_repeated or self._operation.is_counted_later:
            return {}
        return self._operation.units(request)
