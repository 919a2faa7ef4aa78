"""The projects of one database: made, found, tagged and deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, delete, insert, select
from sqlalchemy.exc import IntegrityError

from regard.custom.records import Project, ProjectFeature
from regard.custom.resources import is_project, not_found, project_resource, resource_of
from regard.errors import ResourceInUseException, ResourceNotFoundException
from regard.resources.tags import put_tags, remove_tags
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import datasets
from regard.storage.schema import projects as table


class Projects:
    """Projects of one database, for any number of threads, processes and servers."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create(
        self,
        name: str,
        feature: ProjectFeature = ProjectFeature.CUSTOM_LABELS,
        *,
        auto_update: bool | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Project:
        """An empty project. Raises ResourceInUseException where the name is taken."""
        now = milliseconds()
        values = {
            "name": name,
            "resource": project_resource(name, now),
            "created": now,
            "feature": feature.value,
            "auto_update": auto_update,
        }
        try:
            with self.database.write() as connection:
                connection.execute(insert(table).values(values))
                put_tags(connection, project_resource(name, now), tags or {})
                return _read(connection.execute(select(table).where(table.c.name == name)).mappings().one())
        except IntegrityError as error:
            raise ResourceInUseException(f"A project with the name {name} already exists.") from error

    def get(self, arn: str) -> Project:
        """The project of an ARN. Raises ResourceNotFoundException."""
        with self.database.read() as connection:
            return get_project(connection, arn)

    def page(
        self,
        *,
        after: int,
        limit: int,
        names: Collection[str] | None = None,
        features: Collection[ProjectFeature] = (ProjectFeature.CUSTOM_LABELS,),
    ) -> Sequence[Project]:
        """Projects in the order they were made, those behind row `after`; all names where None are given."""
        query = select(table).where(table.c.row > after, table.c.feature.in_(features))
        if names is not None:
            query = query.where(table.c.name.in_(names))
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(table.c.row).limit(limit)).mappings()
            return [_read(row) for row in rows]

    def delete(self, project: Project) -> None:
        """Removes a project, its policies and tags.

        Raises ResourceInUseException while it has data sets or versions, and ResourceNotFoundException where
        it is gone.
        """
        try:
            with self.database.write() as connection:
                if connection.execute(
                    select(datasets.c.row).where(datasets.c.project == project.row)
                ).first():
                    raise ResourceInUseException(
                        f"The project {project.name} has data sets; delete them before it."
                    )
                remove_tags(connection, project.resource)
                if not connection.execute(delete(table).where(table.c.row == project.row)).rowcount:
                    raise ResourceNotFoundException(f"The project {project.name} does not exist.")
        except IntegrityError as error:
            raise ResourceInUseException(
                f"The project {project.name} has versions or data sets; delete them before it."
            ) from error


def find_project(connection: Connection, arn: str) -> Project | None:
    """The project of an ARN, or None."""
    resource = resource_of(arn)
    if resource is None or not is_project(resource):
        return None
    found = connection.execute(select(table).where(table.c.resource == resource)).mappings().first()
    return None if found is None else _read(found)


def get_project(connection: Connection, arn: str) -> Project:
    """The same. Raises ResourceNotFoundException."""
    found = find_project(connection, arn)
    if found is None:
        raise not_found(arn)
    return found


def _read(row: RowMapping) -> Project:
    return Project(**{**row, "feature": ProjectFeature(row["feature"])})
