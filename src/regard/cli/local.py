"""The gate for whoever owns the data folder."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from regard import logs
from regard.api.answer import ServedApi
from regard.app import Parts, build
from regard.caller import LOCAL, Caller
from regard.cli.opening import check_database
from regard.cli.printing import say
from regard.cli.signing_in import caller_of
from regard.client import check_case
from regard.context import Report
from regard.errors import RegardError
from regard.governance.released import Released
from regard.settings import Settings
from regard.storage.folder import in_use
from regard.storage.schema import facts
from regard.tasks.executor import Executor
from regard.vision.findings import Pictures


class LocalGate:
    """Calls operations as the local owner, or as whoever signed in."""

    def __init__(
        self, parts: Parts, case: str | None, pictures: Pictures | None = None, caller: Caller = LOCAL
    ) -> None:
        self.parts = parts
        self.caller = caller
        self._case = case
        self._pictures = pictures

    def sharing(self, pictures: Pictures) -> LocalGate:
        """The same for several operations on one picture, which is decoded and examined once."""
        return LocalGate(self.parts, self._case, pictures, self.caller)

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """The operation's answer. Raises ServiceError, for a request that HTTP would refuse as well."""
        return self.answer(operation, **params).body

    def answer(self, operation: str, **params: Any) -> Released:
        """The same with the headers that say under which rules it was given."""
        self._refuse_no_number(params)
        served = self._served(operation)
        return served.call(operation, params, self.caller, case=self._case, pictures=self._pictures)

    def check(self, operation: str, **params: Any) -> None:
        """Holds a request to the API's constraints, as HTTP does, without making it."""
        self._refuse_no_number(params)
        self._served(operation).check(operation, params)

    def _served(self, operation: str) -> ServedApi:
        return next(served for served in self.parts.apis.values() if operation in served.api.operations)

    def _refuse_no_number(self, params: Mapping[str, Any]) -> None:
        for name, value in params.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise RegardError(f"{name} must be a number, not {value}.")

    def all(self, operation: str, lists: str, **params: Any) -> list[Any]:
        """What an operation of Regard's own lists, over all its pages. Raises ServiceError."""
        found: list[Any] = []
        token: dict[str, str] = {}
        while True:
            page = self.call(operation, **params, **token)
            found += page[lists]
            if "NextToken" not in page:
                return found
            token = {"NextToken": page["NextToken"]}

    def long(self, operation: str, report: Report, **params: Any) -> dict[str, Any]:
        """The same for an operation that tells `report` how far it is."""
        return self.parts.gate.call(operation, params, self.caller, case=self._case, report=report)

    def pictures_ahead(self, cluster: Executor, requests: Iterable[Mapping[str, Any]]) -> Generator[Pictures]:
        """What each IndexFaces request shares (`sharing`), once the machines of a cluster have seen it."""
        return self.parts.gate.pictures_ahead(cluster, requests, self.caller)

    def incarnation(self) -> str:
        """Which database this is: another one once a backup was restored, which may hold less."""
        with self.parts.database.read() as connection:
            query = select(facts.c.value).where(facts.c.name == "incarnation")
            return str(connection.execute(query).scalar_one())


def _seal(parts: Parts) -> None:
    """Seals the log's days that are over, where no server has. What keeps it from that fails no command."""
    try:
        parts.seals.seal_due()
    except RegardError as error:
        say(f"The audit log's days could not be sealed: {error}", on_stderr=True)


@contextmanager
def local_gate(
    data: Path | None,
    case: str | None = None,
    *,
    key: Path | None = None,
    person: str | None = None,
    existing: bool = False,
    has_models: bool = True,
    **settings: Any,
) -> Iterator[LocalGate]:
    """Opens the data folder for one command. A file may be as large as an object in a bucket.

    `existing` is for a command that has nothing to do in an empty folder: there RegardError is raised.
    Without `has_models`, for commands that read no picture, the model pack need not be installed. `settings`
    are further settings that the command's options give; None leaves one as it is. `key` and `person` say who
    acts (`signing_in.py`), else it is the owner of the data folder.
    """
    logs.configure_command()
    check_case(case, "--case")
    loaded = Settings.load(data=data, **settings)
    if existing:
        check_database(loaded)
    with in_use(loaded.data):
        parts = build(replace(loaded, image_bytes=loaded.object_bytes), has_models=has_models)
        try:
            yield LocalGate(parts, case, caller=caller_of(parts, key, person))
            _seal(parts)
        finally:
            parts.close()
