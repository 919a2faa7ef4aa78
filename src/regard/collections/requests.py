"""Requests that happen once: what a ClientRequestToken was answered is answered again for a day.

Both functions run within the transaction that changes the collection, which is locked: a token is remembered
exactly when its change is, and of two requests with one token the second finds what the first left.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from regard.collections.store import milliseconds
from regard.errors import IdempotentParameterMismatchException
from regard.storage.schema import requests

REMEMBERED = 24 * 60 * 60 * 1000  # milliseconds


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
    connection.execute(delete(requests).where(requests.c.created < milliseconds() - REMEMBERED))
    row = connection.execute(
        select(requests.c.digest, requests.c.response).where(
            requests.c.collection == collection,
            requests.c.operation == request.operation,
            requests.c.token == request.token,
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
        connection.execute(insert(requests).values(row))
