"""Requests that happen once: what a ClientRequestToken was answered is answered again for a day.

Both functions run within the transaction that changes the collection, which is locked: a token is remembered
exactly when its change is, and of two requests with one token the second finds what the first left.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, tuple_

from regard.errors import IdempotentParameterMismatchException
from regard.storage.clock import milliseconds
from regard.storage.schema import requests

REMEMBERED = 24 * 60 * 60 * 1000  # milliseconds
_PRUNED = 1000  # at a time, so that no request waits long


@dataclass(frozen=True, slots=True)
class Request:
    """An operation, its ClientRequestToken, or None where the client gave none, and its other parameters."""

    operation: str
    token: str | None
    parameters: dict[str, Any]

    @property
    def digest(self) -> str:
        text = json.dumps(self.parameters, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def earlier_answer(connection: Connection, collection: int, request: Request) -> dict[str, Any] | None:
    """What this request was answered before, or None where it is new.

    Raises IdempotentParameterMismatchException when its token came with other parameters.
    """
    if request.token is None:
        return None
    since = milliseconds() - REMEMBERED
    _prune(connection, since)
    row = connection.execute(
        select(requests.c.digest, requests.c.response).where(
            *_named(collection, request), requests.c.created >= since
        )
    ).first()
    if row is None:
        return None
    if row.digest != request.digest:
        raise IdempotentParameterMismatchException
    answer: dict[str, Any] = json.loads(row.response)
    return answer


def remember(connection: Connection, collection: int, request: Request, answer: dict[str, Any]) -> None:
    """Keeps the answer for whoever sends the request again."""
    if request.token is not None:
        row = {
            "collection": collection,
            "operation": request.operation,
            "token": request.token,
            "digest": request.digest,
            "response": json.dumps(answer),
            "created": milliseconds(),
        }
        connection.execute(delete(requests).where(*_named(collection, request)))  # one older than a day
        connection.execute(insert(requests).values(row))


def _named(collection: int, request: Request) -> tuple[ColumnElement[bool], ...]:
    return (
        requests.c.collection == collection,
        requests.c.operation == request.operation,
        requests.c.token == request.token,
    )


def _prune(connection: Connection, since: int) -> None:
    """Forgets what is older, of every collection; what another server is forgetting is left to it."""
    old = select(*requests.primary_key.columns).where(requests.c.created < since).limit(_PRUNED)
    connection.execute(
        delete(requests).where(
            tuple_(*requests.primary_key.columns).in_(old.with_for_update(skip_locked=True))
        )
    )
