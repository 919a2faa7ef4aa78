"""Requests that act once: whoever sends a ClientRequestToken again is answered as before.

All of it happens in the transaction of what the request changes, so that a token is remembered exactly when
its effect is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from regard.errors import IdempotentParameterMismatchException, ThrottlingException
from regard.storage.clock import milliseconds
from regard.storage.schema import request_tokens as table

REMEMBERED = 24 * 60 * 60 * 1000
"""Milliseconds for which an answer is kept that nothing else bounds."""

_MEMBER = "ClientRequestToken"
_PRUNED = 100  # at a time, so that no request waits long


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request as its token names it.

    `key_id` is the caller's. `token` is the ClientRequestToken, None where the client gave none: such a
    request is always new. `parameters` are all others, JSON-able.
    """

    key_id: str
    operation: str
    token: str | None
    parameters: Mapping[str, Any]

    @classmethod
    def read(cls, key_id: str, operation: str, request: Mapping[str, Any]) -> IdempotentRequest:
        """`request` has the members of the API, ClientRequestToken among them or not."""
        parameters = {name: value for name, value in request.items() if name != _MEMBER}
        return cls(key_id, operation, request.get(_MEMBER), parameters)

    @property
    def digest(self) -> str:
        """SHA-256 of the parameters, in hex."""
        return hashlib.sha256(json.dumps(self.parameters, sort_keys=True).encode()).hexdigest()


def earlier_answer(connection: Connection, request: IdempotentRequest) -> dict[str, Any] | None:
    """What this request was answered before, or None where it is new.

    Raises IdempotentParameterMismatchException when its token came with other parameters.
    """
    if request.token is None:
        return None
    living = or_(table.c.expires.is_(None), table.c.expires > milliseconds())
    row = connection.execute(select(table.c.digest, table.c.answer).where(*_named(request), living)).first()
    if row is None:
        return None
    if row.digest != request.digest:
        raise IdempotentParameterMismatchException(
            f"The ClientRequestToken: {request.token} you have supplied is already in use."
        )
    answer: dict[str, Any] = json.loads(row.answer)
    return answer


def remember(
    connection: Connection,
    request: IdempotentRequest,
    answer: Mapping[str, Any],
    *,
    resource: str,
    kept: int | None = REMEMBERED,
) -> None:
    """Keeps the answer to a new request, for whoever sends it again.

    `resource` is what the request changes: `forget_answers` and `expire_answers` name it. `kept` is for how
    many milliseconds; None is until one of these is called.

    Raises ThrottlingException, which clients try again, when another transaction has used the token
    meanwhile: this one is rolled back, and the next try finds the answer of the other.
    """
    if request.token is None:
        return
    now = milliseconds()
    # Its own first: what another transaction prunes is waited for here, and nothing is waited for below.
    connection.execute(delete(table).where(*_named(request), table.c.expires <= now))
    _prune(connection, now)
    row = {
        "key_id": request.key_id,
        "operation": request.operation,
        "token": request.token,
        "digest": request.digest,
        "answer": json.dumps(answer),
        "resource": resource,
        "expires": None if kept is None else now + kept,
    }
    try:
        connection.execute(insert(table).values(row))
    except IntegrityError as error:
        raise ThrottlingException(
            "Another request with this ClientRequestToken has just been answered. Try your call again."
        ) from error


def expire_answers(connection: Connection, resource: str, moment: int) -> None:
    """Keeps what requests about a resource were answered until `moment`, milliseconds since the epoch."""
    connection.execute(update(table).where(table.c.resource == resource).values(expires=moment))


def forget_answers(connection: Connection, resource: str) -> None:
    """Forgets what requests about a resource, which is gone, were answered."""
    connection.execute(delete(table).where(table.c.resource == resource))


def _named(request: IdempotentRequest) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.key_id == request.key_id,
        table.c.operation == request.operation,
        table.c.token == request.token,
    )


def _prune(connection: Connection, now: int) -> None:
    """Forgets some of what has expired; what another server is forgetting is left to it."""
    names = list(table.primary_key.columns)
    old = select(*names).where(table.c.expires <= now).limit(_PRUNED).with_for_update(skip_locked=True)
    found = [
        {f"old_{name}": value for name, value in row.items()} for row in connection.execute(old).mappings()
    ]
    if found:  # one by one: for a subquery of them PostgreSQL may read the whole table
        connection.execute(delete(table).where(*(c == bindparam(f"old_{c.name}") for c in names)), found)
