"""The audit record of one request, from its admission to what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from regard.caller import Caller
from regard.errors import RegardError, ServiceError
from regard.governance.audit import AuditLog


class Record:
    """What the log keeps of a request: who, what and why, but no picture and nothing of a face.

    It is written when the request ends, before its answer leaves; for what takes long also when it begins.
    `settle` is called when it is written. `results` counts what the answer lists. `units` is what usage
    counts of it, by `metering.units.Unit`; a record that counts nothing has no such member, as those of
    earlier versions have none.
    """

    def __init__(
        self,
        log: AuditLog,
        *,
        operation: str,
        collection: str | None,
        caller: Caller,
        request_id: str,
        case: str | None,
    ) -> None:
        self._log = log
        self._started = time.monotonic()
        self._facts: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": request_id,
            "key": caller.key_id,
            "name": caller.name,
            "role": caller.role,
            "operation": operation,
            "collection": collection,
            "case": case,
        }
        if caller.roles != (caller.role,):
            self._facts["roles"] = list(caller.roles)
        if caller.person is not None:
            self._facts["person"] = caller.person.person_id
        self.request_id = request_id
        self.case = case
        self.purpose = caller.purpose
        self.threshold: float | None = None
        self.results: dict[str, int] | None = None
        self.units: Mapping[str, int] = {}
        self.settle: Callable[[], None] = _nothing
        self.is_written = False  # by a transaction of the operation itself

    def on_case(self, case_id: str) -> None:
        """Says on which case it is, where the request itself need not."""
        self.case = self._facts["case"] = case_id

    def about(self, **facts: Any) -> None:
        """Adds what the request is about, or replaces what was known of it."""
        self._facts |= facts

    def count(self, response: Mapping[str, Any]) -> None:
        """Counts what the answer lists, member by member."""
        self.results = {name: len(value) for name, value in response.items() if isinstance(value, list)}

    def note(self, names: Iterable[str], *members: Mapping[str, Any]) -> None:
        """Keeps those members of the request or the answer that are named, where they are."""
        kept = {name: _written(value) for part in members for name, value in part.items() if name in names}
        if kept:
            self._facts["facts"] = self._facts.get("facts", {}) | kept

    def begin(self) -> None:
        """Writes that the request begins. Raises what `AuditLog.append` raises."""
        self._write("begun")

    def end(self, error: BaseException | None = None) -> None:
        """Writes what became of the request. Raises what `AuditLog.append` raises."""
        try:
            self._write("ok" if error is None else _outcome(error))
        finally:
            self.settle()

    def end_within(self, connection: Connection) -> int:
        """Writes, with whatever else a transaction writes, that the request was answered.

        Answers the record's number. The transaction has the turn AUDIT. Whoever commits it calls `settle`.
        """
        self.is_written = True
        return self._log.append_within(connection, self._facts_of("ok")).sequence

    def cancel(self) -> None:
        """Writes that it was ended before it was done. Raises what `AuditLog.append` raises."""
        self._write("cancelled")

    def _write(self, outcome: str) -> None:
        self._log.append(self._facts_of(outcome))

    def _facts_of(self, outcome: str) -> dict[str, Any]:
        counted = {"units": dict(self.units)} if self.units else {}
        return {
            **self._facts,
            **counted,
            "purpose": self.purpose,
            "threshold": self.threshold,
            "results": self.results,
            "outcome": outcome,
            "milliseconds": round((time.monotonic() - self._started) * 1000, 1),
        }


def _nothing() -> None:
    """Where nobody waits for the record."""


def _written(value: Any) -> Any:
    """A member of a request or an answer as JSON has it."""
    return value.isoformat() if isinstance(value, datetime) else value


def _outcome(error: BaseException) -> str:
    if not isinstance(error, Exception):
        return "interrupted"
    if isinstance(error, ServiceError):
        return error.code
    return "refused" if isinstance(error, RegardError) else "InternalServerError"
