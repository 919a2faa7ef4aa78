"""The tables against the log: a row that no record explains, or that says something else, is reported.

A request that is under way leaves a row before its record, and so does one whose process was killed between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Column, Connection, select

from regard.governance.proof.day import SealedDay
from regard.governance.purpose import GENERAL, TAG
from regard.governance.rules.consents import unexplained_privacy
from regard.governance.rules.state import LogState
from regard.governance.rules.streams import unexplained_streams
from regard.storage.schema import (
    audit_days,
    authorizations,
    candidates,
    cases,
    collections,
    jobs,
    keys,
    people,
    reviews,
    tags,
    training,
)

_LEADS: Final = ("LEAD", "CONFIRMED", "DISPUTED", "UPHELD", "WRONG")
_RESERVED: Final = ":"  # begins the names of collections that no operation reaches
_MADE: Final[tuple[tuple[str, str, Column[Any]], ...]] = (
    ("person", "CreatePerson", people.c.person_id),
    ("case", "CreateCase", cases.c.case_id),
    ("training", "RecordTraining", training.c.training_id),
)


def unexplained(connection: Connection, state: LogState) -> Iterator[str]:
    """What the tables hold and the log does not say, in sentences. `state` is that at the log's end."""
    yield from _keys(connection, state)
    yield from _collections(connection, state)
    yield from _jobs(connection, state)
    for noun, operation, column in _MADE:
        for name in connection.execute(select(column).order_by(column)).scalars():
            if (operation, name) not in state.made:
                yield f"No record says that the {noun} {name} was made."
    yield from _people(connection, state)
    yield from _authorizations(connection, state)
    yield from _reviews(connection, state)
    yield from unexplained_privacy(connection, state)
    yield from unexplained_streams(connection, state)
    yield from _days(connection, state)


def _keys(connection: Connection, state: LogState) -> Iterator[str]:
    columns = (keys.c.key_id, keys.c.role, keys.c.purpose, keys.c.suspended)
    for row in connection.execute(select(*columns).order_by(keys.c.key_id)):
        known = state.keys.get(row.key_id)
        if known is None:
            yield f"No record says that the key {row.key_id} was made."
            continue
        if known.role not in (None, row.role) or known.purpose != row.purpose:
            yield (
                f"The key {row.key_id} has the role {row.role} and the purpose {row.purpose}; record "
                f"{known.made} made it with others."
            )
        if known.suspended is not None and row.suspended is None:
            yield f"The key {row.key_id} is active; record {known.suspended.sequence} suspends it."
        elif known.suspended is None and row.suspended is not None:
            yield f"The key {row.key_id} is suspended, and no record says so."


def _collections(connection: Connection, state: LogState) -> Iterator[str]:
    tagged = select(tags.c.resource, tags.c.value).where(tags.c.key == TAG)
    purposes = {row.resource: row.value for row in connection.execute(tagged)}
    names = select(collections.c.collection_id).order_by(collections.c.collection_id)
    for name in connection.execute(names).scalars():
        if name.startswith(_RESERVED):
            continue
        if name not in state.collections:
            yield f"No record says that the collection {name} was made."
            continue
        known, purpose = state.collections[name], purposes.get(f"collection/{name}", GENERAL)
        if known is not None and known.value != purpose:
            yield f"The collection {name} is for {purpose}; record {known.sequence} says {known.value}."


def _jobs(connection: Connection, state: LogState) -> Iterator[str]:
    for job in connection.execute(select(jobs.c.job_id).order_by(jobs.c.row)).scalars():
        if job not in state.started:
            yield f"No record says that the job {job} was started."


def _people(connection: Connection, state: LogState) -> Iterator[str]:
    columns = (people.c.person_id, people.c.roles, people.c.suspended)
    for row in connection.execute(select(*columns).order_by(people.c.person_id)):
        roles, since = state.roles.get(row.person_id), state.suspended_people.get(row.person_id)
        if roles is not None and sorted(roles) != sorted(json.loads(row.roles)):
            yield f"The roles of {row.person_id} are not those that the log tells of."
        if since is not None and row.suspended is None:
            yield f"{row.person_id} is active; record {since.sequence} suspends them."
        elif since is None and row.suspended is not None:
            yield f"{row.person_id} is suspended, and no record says so."


def _authorizations(connection: Connection, state: LogState) -> Iterator[str]:
    columns = (
        authorizations.c.authorization_id,
        authorizations.c.approved,
        authorizations.c.rejected,
        authorizations.c.revoked,
        authorizations.c.extended,
    )
    for row in connection.execute(select(*columns).order_by(authorizations.c.authorization_id)):
        known = state.authorizations.by_id.get(row.authorization_id)
        if known is None:
            yield f"No record says that the authorization {row.authorization_id} was asked for."
        elif row.approved is not None and known.allowed is None:
            yield f"The authorization {row.authorization_id} is approved, and no record says so."
        elif known.ended is not None and (row.rejected, row.revoked, row.extended) == (None, None, None):
            yield f"The authorization {row.authorization_id} goes on; record {known.ended_by} ends it."


def _reviews(connection: Connection, state: LogState) -> Iterator[str]:
    of_cases = select(reviews.c.row, reviews.c.review_id).where(reviews.c.case_id.is_not(None))
    names = {row.row: row.review_id for row in connection.execute(of_cases.order_by(reviews.c.row))}
    for name in names.values():
        if name not in state.reviews:
            yield f"No record says that a search opened the review {name}."
    columns = (candidates.c.review, candidates.c.number, candidates.c.status)
    leads = select(*columns).where(candidates.c.status.in_(_LEADS)).order_by(*columns[:2])
    for row in connection.execute(leads):
        known = state.reviews.get(names.get(row.review, ""))
        if known is not None and row.number not in known.leads:
            yield f"Candidate {row.number} of {names[row.review]} is {row.status}; no record makes it a lead."


def _days(connection: Connection, state: LogState) -> Iterator[str]:
    columns = [audit_days.c[name] for name in SealedDay.__dataclass_fields__]
    stored = [SealedDay(**row) for row in connection.execute(select(*columns)).mappings()]
    for day in stored:
        if state.days.get(day.day) != day:
            yield f"The seal of {day.day} is not the one that the log tells of."
    for missing in sorted(state.days.keys() - {day.day for day in stored}):
        yield f"The seal of {missing} is gone; its root was {state.days[missing].root}."
