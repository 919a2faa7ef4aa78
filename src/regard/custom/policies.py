"""Policies of projects: who may copy a project's versions into a project of their own."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from regard.custom.records import Project
from regard.errors import (
    InvalidPolicyRevisionIdException,
    LimitExceededException,
    MalformedPolicyDocumentException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import project_policies as table
from regard.storage.schema import projects

COPY: Final = "rekognition:CopyProjectVersion"
"""The one action that a project's policy may name."""
_POLICIES: Final = 100  # of a project, so that what is read to decide stays small
_PARTS: Final = {"Version", "Id", "Statement"}
_STATEMENT: Final = {"Sid", "Effect", "Principal", "Action", "Resource"}
_PRINCIPAL: Final = re.compile(
    r"\*|\d{12}|arn:aws[a-z-]*:iam::\d{12}:(?:root|user/.+|role/.+)"
    r"|arn:aws[a-z-]*:sts::\d{12}:assumed-role/[^/]+/.+",
    re.DOTALL,
)
_RESOURCE: Final = re.compile(r"\*|arn:[^:]+:rekognition:[^:]*:[^:]*:project/.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ProjectPolicy:
    """A policy of a project. Times are milliseconds since the epoch; `document` is as it was given."""

    row: int
    name: str
    revision: str
    document: str
    created: int
    updated: int


class ProjectPolicies:
    """The policies of one database's projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, project: Project, name: str, document: str, revision: str | None) -> ProjectPolicy:
        """Makes a policy, or replaces the one whose current revision is given.

        Raises MalformedPolicyDocumentException, ResourceAlreadyExistsException where there is one of the name
        and no revision is given, InvalidPolicyRevisionIdException for another than the current one,
        LimitExceededException, and ResourceNotFoundException where the project is gone.
        """
        check_document(document)
        now = milliseconds()
        new = {"revision": secrets.token_hex(16), "document": document, "updated": now}
        with self._database.write() as connection:
            _hold(connection, project)
            found = _find(connection, project, name)
            if found is None:
                if revision is not None:
                    raise InvalidPolicyRevisionIdException
                if len(_all(connection, project.row)) >= _POLICIES:
                    raise LimitExceededException(f"A project has no more than {_POLICIES} policies.")
                named = {"project": project.row, "name": name, "created": now}
                connection.execute(insert(table).values(named | new))
            elif revision is None:
                raise ResourceAlreadyExistsException(
                    f"A policy with the name {name} already exists. Give its PolicyRevisionId to replace it."
                )
            elif revision.lower() != found.revision:
                raise InvalidPolicyRevisionIdException
            else:
                connection.execute(update(table).where(table.c.row == found.row).values(new))
            [kept] = [one for one in _all(connection, project.row) if one.name == name]
            return kept

    def all(self, project: Project) -> Sequence[ProjectPolicy]:
        """The policies of a project in the order they were made."""
        return self.of_row(project.row)

    def of_row(self, project: int) -> Sequence[ProjectPolicy]:
        """The same, by the row of a project."""
        with self._database.read() as connection:
            return _all(connection, project)

    def delete(self, project: Project, name: str, revision: str | None) -> None:
        """Removes a policy.

        Raises ResourceNotFoundException where there is none, and InvalidPolicyRevisionIdException for another
        revision than the current one.
        """
        with self._database.write() as connection:
            _hold(connection, project)
            found = _find(connection, project, name)
            if found is None:
                raise ResourceNotFoundException(f"The policy {name} does not exist.")
            if revision is not None and revision.lower() != found.revision:
                raise InvalidPolicyRevisionIdException
            connection.execute(delete(table).where(table.c.row == found.row))


def check_document(document: str) -> dict[str, Any]:
    """The document, when all of it can be kept to. Raises MalformedPolicyDocumentException."""
    try:
        read = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicyDocumentException("The policy document is no JSON.") from error
    if not isinstance(read, dict):
        raise MalformedPolicyDocumentException("The policy document is no JSON object.")
    _refuse_unknown(read, _PARTS)
    if read.get("Version") not in ("2012-10-17", "2008-10-17"):
        raise MalformedPolicyDocumentException('The policy document needs "Version": "2012-10-17".')
    statements = read.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicyDocumentException("The policy document has no Statement.")
    for statement in statements:
        _check_statement(statement)
    return read


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict):
        raise MalformedPolicyDocumentException("Each Statement of a policy is a JSON object.")
    _refuse_unknown(statement, _STATEMENT)
    missing = sorted(_STATEMENT - {"Sid"} - statement.keys())
    if missing:
        raise MalformedPolicyDocumentException(f"A policy statement has no {missing[0]}.")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise MalformedPolicyDocumentException('The Effect of a policy statement is "Allow" or "Deny".')
    if any(action.lower() != COPY.lower() for action in _texts(statement, "Action")):
        raise MalformedPolicyDocumentException(f"The Action of a project's policy is {COPY}.")
    if not all(map(_RESOURCE.fullmatch, _texts(statement, "Resource"))):
        raise MalformedPolicyDocumentException("The Resource of a project's policy is a version's ARN, or *.")
    if not all(map(_PRINCIPAL.fullmatch, principals_of(statement))):
        raise MalformedPolicyDocumentException(
            "The Principal of a project's policy is *, an account, or an ARN like arn:aws:iam::ACCOUNT:root."
        )


def principals_of(statement: Mapping[str, Any]) -> list[str]:
    """Whom a statement names. Raises MalformedPolicyDocumentException for another form than IAM's."""
    principal = statement["Principal"]
    if principal == "*":
        return ["*"]
    if not isinstance(principal, dict) or principal.keys() != {"AWS"}:
        raise MalformedPolicyDocumentException('The Principal of a policy statement is {"AWS": …} or "*".')
    return _texts(principal, "AWS")


def _texts(part: Mapping[str, Any], name: str) -> list[str]:
    value = part[name]
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise MalformedPolicyDocumentException(f"{name} of a policy is a text or a list of texts.")
    return texts


def _refuse_unknown(part: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(part.keys() - known)
    if unknown:
        raise MalformedPolicyDocumentException(
            f"A project's policy can't have {unknown[0][:80]}; it has {', '.join(sorted(known))}."
        )


def _hold(connection: Connection, project: Project) -> None:
    """Has writers of a project's policies take turns. Raises ResourceNotFoundException."""
    held = select(projects.c.row).where(projects.c.row == project.row).with_for_update()
    if connection.execute(held).first() is None:
        raise ResourceNotFoundException(f"The project {project.name} does not exist.")


def _find(connection: Connection, project: Project, name: str) -> ProjectPolicy | None:
    return next((one for one in _all(connection, project.row) if one.name == name), None)


def _all(connection: Connection, project: int) -> list[ProjectPolicy]:
    columns = [table.c[name] for name in ("row", "name", "revision", "document", "created", "updated")]
    query = select(*columns).where(table.c.project == project).order_by(table.c.row)
    return [ProjectPolicy(*row) for row in connection.execute(query)]
