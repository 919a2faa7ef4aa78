"""Authorizations as rows of the database."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from regard.governance.authorizations.records import Authorization, Document, Ground, Scope
from regard.storage.schema import authorization_scope as scopes
from regard.storage.schema import authorizations as table

_KINDS: Final = ("cameras", "videos", "faces")
_OF_SCOPE: Final = ("collection_id", "collection_row")
_TEXTS: Final = ("grounds", "authority", "ended_for")
_OF_DOCUMENT: Final = ("issuer", "number", "document", "issued")


def insert_authorization(connection: Connection, made: Authorization) -> None:
    """Writes a new authorization with its scope."""
    row = {
        column.name: getattr(made, column.name)
        for column in table.columns
        if column.name not in (*_OF_SCOPE, *_OF_DOCUMENT, "attested", "basis")
    }
    row |= {name: getattr(made.scope, name) for name in _OF_SCOPE}
    row |= {"attested": json.dumps(made.attested), "basis": made.basis.value}
    connection.execute(insert(table).values(row | row_of_document(made.document)))
    scope = [
        {"authorization_id": made.authorization_id, "kind": kind, "value": value}
        for kind in _KINDS
        for value in dict.fromkeys(getattr(made.scope, kind))
    ]
    connection.execute(insert(scopes), scope)


def read_authorizations(
    connection: Connection, authorization_id: str | None = None, *, case_id: str | None = None
) -> list[Authorization]:
    """All authorizations in the order they were asked for, or the one of that id, or those of a case."""
    query, scope = select(table), select(scopes).order_by(scopes.c.kind, scopes.c.value)
    if authorization_id is not None:
        query = query.where(table.c.authorization_id == authorization_id)
        scope = scope.where(scopes.c.authorization_id == authorization_id)
    elif case_id is not None:
        query = query.where(table.c.case_id == case_id)
        of_case = select(table.c.authorization_id).where(table.c.case_id == case_id)
        scope = scope.where(scopes.c.authorization_id.in_(of_case))
    covered: dict[str, dict[str, list[str]]] = defaultdict(lambda: {kind: [] for kind in _KINDS})
    for row in connection.execute(scope):
        covered[row.authorization_id][row.kind].append(row.value)
    rows = connection.execute(query.order_by(table.c.requested, table.c.authorization_id)).mappings()
    return [_authorization(dict(row), covered[row["authorization_id"]]) for row in rows]


def row_of_document(document: Document | None) -> dict[str, Any]:
    """A document's columns."""
    if document is None:
        return dict.fromkeys(_OF_DOCUMENT)
    return {
        "issuer": document.issuer,
        "number": document.number,
        "document": document.digest,
        "issued": document.issued,
    }


def _authorization(row: dict[str, Any], covered: dict[str, list[str]]) -> Authorization:
    issuer, number, digest, issued = (row.pop(name) for name in _OF_DOCUMENT)
    document = (
        None if digest is None else Document(issuer=issuer, number=number, digest=digest, issued=issued)
    )
    scope = Scope(
        collection_id=row.pop("collection_id"),
        collection_row=row.pop("collection_row"),
        cameras=tuple(covered["cameras"]),
        videos=tuple(covered["videos"]),
        faces=tuple(covered["faces"]),
    )
    basis, attested = Ground(row.pop("basis")), tuple(json.loads(row.pop("attested")))
    return Authorization(**row, basis=basis, attested=attested, scope=scope, document=document)


def purge_texts(connection: Connection, case_id: str) -> None:
    """Erases what the authorizations of a case say of people: why, and what an authority was told.

    What counts stays: the grounds in law, dates, scope, documents' numbers, and who decided.
    """
    gone = dict.fromkeys(_TEXTS)
    connection.execute(update(table).where(table.c.case_id == case_id).values(gone))
