"""Rules of what must have been made before it is used. They hold over the whole log: a worker, or another
client, may be faster than the record of what it relies on."""

from __future__ import annotations

from collections.abc import Iterator

from regard.governance.rules.rule import Rule
from regard.governance.rules.state import LogState


def _started(state: LogState) -> Iterator[tuple[int, str]]:
    for job, (sequence, operation, key) in state.runs.items():
        started = state.started.get(job)
        if started is None:
            yield sequence, f"the job {job} ran, and no record says that it was started"
        elif started != (operation, key):
            yield sequence, f"the job {job} ran as {operation} of {key}; {started[1]} started {started[0]}"


def _made(state: LogState) -> Iterator[tuple[int, str]]:
    for collection, sequence in state.used_collections.items():
        if collection not in state.collections and collection not in state.past_collections:
            yield sequence, f"the collection {collection} was used, and no record says that it was made"


RULES = (
    Rule("jobs", "Every job that ran was started by the same key, as the same operation.", end=_started),
    Rule("collections", "Every collection that was used was made.", end=_made),
)
