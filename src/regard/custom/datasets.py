"""The data sets of one database: made, held while they change, tagged and deleted."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from regard.custom.records import (
    CHANGEABLE,
    CustomDataset,
    DatasetOutcome,
    DatasetStatus,
    DatasetType,
    Project,
)
from regard.custom.resources import dataset_resource, is_dataset, not_found, resource_of
from regard.errors import (
    ResourceAlreadyExistsException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from regard.resources.tags import put_tags, remove_tags
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import dataset_entries, dataset_labels, dataset_uses, entry_labels, jobs
from regard.storage.schema import datasets as table

HELD: Final = 60_000
"""Milliseconds for which whoever works on a data set holds it; each step of the work renews that."""
_BY_A_JOB: Final = 2**62  # as long as the job is under way
_ERASED: Final = 1000  # entries at a time, so that no other writer waits long
_COLUMNS: Final = [table.c[one.name] for one in fields(CustomDataset)]
_ALL: Final = select(*_COLUMNS, table.c.job, jobs.c.status.label("job_status")).select_from(
    table.outerjoin(jobs, jobs.c.job_id == table.c.job)
)
_WORDS: Final = {
    DatasetStatus.CREATE_IN_PROGRESS: "The dataset is being created.",
    DatasetStatus.CREATE_COMPLETE: "The dataset was successfully created.",
    DatasetStatus.UPDATE_IN_PROGRESS: "The dataset is being updated.",
    DatasetStatus.UPDATE_COMPLETE: "The dataset was successfully updated.",
    DatasetStatus.DELETE_IN_PROGRESS: "The dataset is being deleted.",
}


class Datasets:
    """Data sets of one database, for any number of threads, processes and servers.

    Whoever changes one holds it under a name that nobody else has; who was held up for longer than `HELD`
    may find that another does.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def resources(self) -> frozenset[str]:
        """The resources of all that there are."""
        with self.database.read() as connection:
            return frozenset(connection.execute(select(table.c.resource)).scalars())

    def create(
        self, project: Project, kind: DatasetType, *, tags: Mapping[str, str] | None = None
    ) -> CustomDataset:
        """An empty data set in CREATE_IN_PROGRESS, which its caller holds by the answer's `holder`.

        Raises ResourceAlreadyExistsException where the project has one of the kind, and
        ResourceNotFoundException where the project is gone.
        """
        now = milliseconds()
        resource = dataset_resource(project.name, kind.value.lower(), now)
        status = DatasetStatus.CREATE_IN_PROGRESS
        values = {
            "project": project.row,
            "resource": resource,
            "type": kind.value,
            "created": now,
            "updated": now,
            "status": status.value,
            "message": _WORDS[status],
            "code": DatasetOutcome.SUCCESS.value,
            "holder": secrets.token_hex(16),
            "held_until": now + HELD,
        }
        taken = and_(table.c.project == project.row, table.c.type == kind.value)
        try:
            with self.database.write() as connection:
                if connection.execute(select(table.c.row).where(taken)).first() is not None:
                    raise _taken(project, kind)
                connection.execute(insert(table).values(values))
                put_tags(connection, resource, tags or {})
                return _read(connection.execute(_ALL.where(table.c.resource == resource)).one())
        except IntegrityError as error:
            with self.database.read() as connection:
                if connection.execute(select(table.c.row).where(taken)).first() is not None:
                    raise _taken(project, kind) from error
            raise ResourceNotFoundException(f"The project {project.name} does not exist.") from error

    def get(self, arn: str) -> CustomDataset:
        """The data set of an ARN as it stands now. Raises ResourceNotFoundException."""
        with self.database.read() as connection:
            return get_dataset(connection, arn)

    def of_projects(self, projects: Sequence[Project]) -> Mapping[int, Sequence[CustomDataset]]:
        """The data sets of projects as they stand now, by the rows of these; that of training first."""
        found: dict[int, list[CustomDataset]] = {project.row: [] for project in projects}
        query = _ALL.where(table.c.project.in_(found)).order_by(table.c.type.desc())
        with self.database.read() as connection:
            for row in connection.execute(query):
                found[row.project].append(_read(row).as_of(milliseconds()))
        return found

    def begin_update(self, dataset: CustomDataset) -> CustomDataset:
        """Holds a data set to change it, as the answer's `holder`.

        Raises ResourceInUseException while it can't be changed, and ResourceNotFoundException.
        """
        with self.database.write() as connection:
            return hold_dataset(connection, dataset)

    def give_to_job(self, dataset: CustomDataset, job_id: str) -> CustomDataset:
        """Has a job go on making a data set. Raises ResourceInUseException where it isn't being made."""
        values = {"holder": job_id, "job": job_id, "held_until": _BY_A_JOB}
        being_made = table.c.status == DatasetStatus.CREATE_IN_PROGRESS.value
        mine = or_(table.c.holder == dataset.holder, table.c.job == job_id)
        with self.database.write() as connection:
            change = update(table).where(table.c.row == dataset.row, being_made, mine).values(values)
            if not connection.execute(change).rowcount:
                raise _lost(dataset)
            return _current(connection, dataset)

    def end(
        self,
        dataset: CustomDataset,
        status: DatasetStatus,
        message: str | None = None,
        code: DatasetOutcome = DatasetOutcome.SUCCESS,
    ) -> CustomDataset:
        """Says how work on a data set that one holds has ended. Raises ResourceInUseException if one doesn't
        hold it any more.
        """
        with self.database.write() as connection:
            end_work(connection, dataset, status, message, code)
            return _current(connection, dataset)

    def delete(self, dataset: CustomDataset) -> None:
        """Removes a data set, its entries, labels and tags; a deletion that was broken off goes on.

        Raises ResourceInUseException while it is made, changed or trained on, and ResourceNotFoundException.
        """
        now = milliseconds()
        with self.database.write() as connection:
            current = _current(connection, dataset).as_of(now)
            busy = current.status in (DatasetStatus.CREATE_IN_PROGRESS, DatasetStatus.UPDATE_IN_PROGRESS)
            if busy or (current.status is DatasetStatus.DELETE_IN_PROGRESS and current.held_until > now):
                raise _in_use(current)
            if connection.execute(select(dataset_uses).where(dataset_uses.c.dataset == dataset.row)).first():
                raise ResourceInUseException("The dataset is used by a training that is under way.")
            status = DatasetStatus.DELETE_IN_PROGRESS
            values = _told(status, None, DatasetOutcome.SUCCESS) | {
                "holder": secrets.token_hex(16),
                "job": None,
            }
            change = update(table).where(table.c.row == dataset.row)
            connection.execute(change.values(values | {"held_until": now + HELD}))
        while self._erase_some(dataset):
            pass
        with self.database.write() as connection:
            connection.execute(delete(dataset_labels).where(dataset_labels.c.dataset == dataset.row))
            connection.execute(delete(table).where(table.c.row == dataset.row))
            remove_tags(connection, dataset.resource)

    def _erase_some(self, dataset: CustomDataset) -> int:
        some = select(dataset_entries.c.row).where(dataset_entries.c.dataset == dataset.row).limit(_ERASED)
        with self.database.write() as connection:
            rows = connection.execute(some).scalars().all()
            if rows:
                connection.execute(delete(entry_labels).where(entry_labels.c.entry.in_(rows)))
                connection.execute(delete(dataset_entries).where(dataset_entries.c.row.in_(rows)))
                renewed = {"held_until": milliseconds() + HELD}
                connection.execute(update(table).where(table.c.row == dataset.row).values(renewed))
            return len(rows)


def find_dataset(connection: Connection, arn: str) -> CustomDataset | None:
    """The data set of an ARN as it stands now, or None."""
    resource = resource_of(arn)
    if resource is None or not is_dataset(resource):
        return None
    found = connection.execute(_ALL.where(table.c.resource == resource)).first()
    return None if found is None else _read(found).as_of(milliseconds())


def get_dataset(connection: Connection, arn: str) -> CustomDataset:
    """The same. Raises ResourceNotFoundException."""
    found = find_dataset(connection, arn)
    if found is None:
        raise not_found(arn)
    return found


def datasets_of(connection: Connection, project: Project) -> dict[DatasetType, CustomDataset]:
    """The data sets of a project as they stand now."""
    rows = connection.execute(_ALL.where(table.c.project == project.row))
    found = [_read(row).as_of(milliseconds()) for row in rows]
    return {one.type: one for one in found}


def keep_datasets(connection: Connection, datasets: Sequence[CustomDataset], used_by: str) -> None:
    """Keeps data sets from being deleted until `release_datasets`; `used_by` is who needs them."""
    if datasets:
        rows = [{"dataset": one.row, "used_by": used_by} for one in datasets]
        connection.execute(insert(dataset_uses), rows)


def release_datasets(connection: Connection, used_by: str) -> None:
    """Lets the data sets go that somebody has needed."""
    connection.execute(delete(dataset_uses).where(dataset_uses.c.used_by == used_by))


def hold_dataset(connection: Connection, dataset: CustomDataset) -> CustomDataset:
    """Holds a data set within a write transaction, in UPDATE_IN_PROGRESS. See `Datasets.begin_update`."""
    now = milliseconds()
    lapsed = and_(table.c.status == DatasetStatus.UPDATE_IN_PROGRESS.value, table.c.held_until <= now)
    free = or_(table.c.status.in_([one.value for one in CHANGEABLE]), lapsed)
    values = _told(DatasetStatus.UPDATE_IN_PROGRESS, None, DatasetOutcome.SUCCESS)
    values |= {"holder": secrets.token_hex(16), "held_until": now + HELD}
    changed = connection.execute(update(table).where(table.c.row == dataset.row, free).values(values))
    current = _current(connection, dataset)
    if not changed.rowcount:
        raise _in_use(current.as_of(now))
    return current


def renew_hold(connection: Connection, dataset: CustomDataset, **changes: Any) -> None:
    """Changes a data set that one holds, and holds it on. Raises ResourceInUseException if one doesn't."""
    kept = {} if dataset.held_until == _BY_A_JOB else {"held_until": milliseconds() + HELD}
    mine = and_(table.c.row == dataset.row, table.c.holder == dataset.holder)
    if not connection.execute(
        update(table).where(mine).values(changes | kept | {"holder": table.c.holder})
    ).rowcount:
        raise _lost(dataset)


def end_work(
    connection: Connection,
    dataset: CustomDataset,
    status: DatasetStatus,
    message: str | None = None,
    code: DatasetOutcome = DatasetOutcome.SUCCESS,
) -> None:
    """Says, within a write transaction, how work on a data set has ended. See `Datasets.end`."""
    renew_hold(connection, dataset)
    values = _told(status, message, code) | {"holder": None, "held_until": 0, "job": None}
    connection.execute(update(table).where(table.c.row == dataset.row).values(values))


def _told(status: DatasetStatus, message: str | None, code: DatasetOutcome) -> dict[str, Any]:
    return {
        "status": status.value,
        "message": _WORDS.get(status, "") if message is None else message,
        "code": code.value,
        "updated": milliseconds(),
    }


def _current(connection: Connection, dataset: CustomDataset) -> CustomDataset:
    """As the database has it. Raises ResourceNotFoundException."""
    found = connection.execute(_ALL.where(table.c.row == dataset.row)).first()
    if found is None:
        raise ResourceNotFoundException(f"The dataset {dataset.resource} does not exist.")
    return _read(found)


def _read(row: Row[*tuple[Any, ...]]) -> CustomDataset:
    values: dict[str, Any] = {
        str(name): value for name, value in row._mapping.items() if name not in ("job", "job_status")
    }
    if row.job is not None and row.job_status != "IN_PROGRESS":
        values["held_until"] = 0  # the job has ended, or is forgotten
    return CustomDataset(
        **{
            **values,
            "type": DatasetType(row.type),
            "status": DatasetStatus(row.status),
            "code": DatasetOutcome(row.code),
        }
    )


def _taken(project: Project, kind: DatasetType) -> ResourceAlreadyExistsException:
    return ResourceAlreadyExistsException(f"The project {project.name} already has a {kind.value} dataset.")


def _in_use(dataset: CustomDataset) -> ResourceInUseException:
    return ResourceInUseException(f"The dataset is {dataset.status.value}. Try your call again later.")


def _lost(dataset: CustomDataset) -> ResourceInUseException:
    return ResourceInUseException(f"The dataset {dataset.resource} is changed by another request.")
