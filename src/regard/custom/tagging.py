"""Tags of projects and of what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from regard.custom.resources import is_dataset, is_project, is_version, not_found
from regard.resources.tags import put_tags, remove_tags, tags_of
from regard.storage.database import Database
from regard.storage.schema import datasets, project_versions, projects


class ProjectTags:
    """Tags of one database's projects, data sets and versions, each named by its ARN's last part.

    All raise ResourceNotFoundException for what there isn't.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, resource: str) -> dict[str, str]:
        with self._database.read() as connection:
            _check(connection, resource)
            return tags_of(connection, resource)

    def put(self, resource: str, new: Mapping[str, str]) -> None:
        """Adds tags, replacing those of the same key. Raises ServiceQuotaExceededException above 200."""
        with self._database.write() as connection:
            _check(connection, resource)
            put_tags(connection, resource, new)

    def remove(self, resource: str, keys: Sequence[str]) -> None:
        """Removes tags; keys that are not there are passed over."""
        with self._database.write() as connection:
            _check(connection, resource)
            remove_tags(connection, resource, keys)


def _check(connection: Connection, resource: str) -> None:
    for is_one, table in ((is_project, projects), (is_dataset, datasets), (is_version, project_versions)):
        if is_one(resource):
            found = connection.execute(select(table.c.row).where(table.c.resource == resource)).first()
            if found is not None:
                return
    raise not_found(resource)
