"""The versions of projects: made, shown, started, stopped, deleted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from regard.caller import Caller
from regard.custom.datasets import keep_datasets, release_datasets
from regard.custom.output_names import free_output_name
from regard.custom.records import CustomDataset
from regard.custom.resources import is_version, not_found, resource_of
from regard.custom.version_records import (
    BASES,
    MADE,
    MESSAGES,
    RETRAINING_FAILED,
    STARTABLE,
    BucketObject,
    Made,
    NewVersion,
    ProjectVersion,
    VersionStatus,
    columns_of,
    read_version,
    row_of_new,
    write_object,
)
from regard.errors import LimitExceededException, ResourceInUseException, ResourceNotFoundException
from regard.jobs.records import JobEnd, NewJob, Status, keep_caller
from regard.jobs.store import JobStore
from regard.resources.tags import put_tags, remove_tags, tags_of
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import project_versions as table
from regard.storage.schema import projects

_FAILED: Final = {
    VersionStatus.TRAINING_IN_PROGRESS: VersionStatus.TRAINING_FAILED,
    VersionStatus.COPYING_IN_PROGRESS: VersionStatus.COPYING_FAILED,
}
_COMPLETED: Final = {
    VersionStatus.TRAINING_IN_PROGRESS: VersionStatus.TRAINING_COMPLETED,
    VersionStatus.COPYING_IN_PROGRESS: VersionStatus.COPYING_COMPLETED,
}


_NOTED = 300_000  # ms within which it is noted once that a version was asked


class ProjectVersions:
    """Versions of one database, for any number of threads, processes and servers.

    `limit` is how many trainings may be under way, or wait, at once.
    """

    def __init__(self, database: Database, jobs: JobStore, *, limit: int) -> None:
        self.database = database
        self._jobs = jobs
        self._limit = limit

    def create(
        self, new: NewVersion, job: NewJob, *, tags: Mapping[str, str], datasets: Sequence[CustomDataset] = ()
    ) -> ProjectVersion:
        """Makes a version, its tags, and the job that trains or copies it, all by one transaction.

        Its data sets are kept from being deleted until that job has ended. What it writes into its bucket has
        names that no other version's objects have there.

        Raises ResourceInUseException for a name that the project has already, LimitExceededException while as
        many trainings are under way as may be, and what starting the job and tagging raise.
        """
        with self.database.write(turn=Turn.JOBS) as connection:
            _refuse_named(connection, new)
            if new.status is VersionStatus.TRAINING_IN_PROGRESS:
                self._check_limit(connection)
            started = self._jobs.start_within(connection, job)
            name = free_output_name(connection, new.project, new.name, new.request)
            connection.execute(insert(table).values(row_of_new(new, started.job_id, name)))
            put_tags(connection, new.resource, tags)
            keep_datasets(connection, datasets, new.resource)
            return get_version(connection, new.resource)

    def take(self, new: NewVersion, made: Made) -> ProjectVersion:
        """Makes a version whose model was trained elsewhere: as a copy that is completed. Raises
        ResourceInUseException for a name that the project has already.
        """
        done = VersionStatus.COPYING_COMPLETED
        with self.database.write(turn=Turn.JOBS) as connection:
            _refuse_named(connection, new)
            name = free_output_name(connection, new.project, new.name, new.request)
            values = row_of_new(new, str(uuid.uuid4()), name) | columns_of(made)
            values |= {"status": done.value, "message": MESSAGES[done], "ended": made.ended}
            connection.execute(insert(table).values(values))
            return get_version(connection, new.resource)

    def outdated(self, base: str) -> list[ProjectVersion]:
        """The adapters of projects with AutoUpdate that were trained for another base, never for `base`."""
        query = (
            select(table)
            .join(projects, projects.c.row == table.c.project)
            .where(projects.c.auto_update.is_(True))
            .where(table.c.status == VersionStatus.TRAINING_COMPLETED.value, table.c.backbone != base)
        )
        with self.database.read() as connection:
            found = [read_version(row) for row in connection.execute(query.order_by(table.c.row)).mappings()]
        return [one for one in found if base not in one.bases]

    def retrain_within(self, connection: Connection, version: ProjectVersion, job: NewJob, base: str) -> bool:
        """Has a job train an adapter anew for a base; False where it isn't as it was any more. To be called
        in a transaction with the turn JOBS. Raises LimitExceededException while as many trainings are under
        way as may be.
        """
        self._check_limit(connection)
        current = get_version(connection, version.resource)
        if (current.status, current.job_id) != (version.status, version.job_id):
            return False
        started = self._jobs.start_within(connection, job)
        values = {
            "status": VersionStatus.TRAINING_IN_PROGRESS.value,
            "message": MESSAGES[VersionStatus.TRAINING_IN_PROGRESS],
            "job_id": started.job_id,
            "request": json.dumps({**current.request, BASES: sorted(current.bases | {base})}),
        }
        connection.execute(update(table).where(table.c.row == version.row).values(values))
        return True

    def _check_limit(self, connection: Connection) -> None:
        training = table.c.status == VersionStatus.TRAINING_IN_PROGRESS.value
        under_way = connection.execute(select(func.count()).select_from(table).where(training)).scalar_one()
        if under_way >= self._limit:
            raise LimitExceededException(
                f"{under_way} project versions are training. Maximum limit: {self._limit}"
            )

    def get(self, arn: str) -> ProjectVersion:
        """The version of an ARN. Raises ResourceNotFoundException."""
        with self.database.read() as connection:
            return get_version(connection, arn)

    def of_job(self, job_id: str) -> ProjectVersion:
        """The version that a job makes. Raises ResourceNotFoundException."""
        with self.database.read() as connection:
            found = _of_job(connection, job_id)
        if found is None:
            raise ResourceNotFoundException("The project version does not exist any more.")
        return found

    def page(
        self, project: int, *, names: Sequence[str] | None, before: int | None, limit: int
    ) -> list[ProjectVersion]:
        """Versions of a project, the newest first, those below the row `before`: all, or some by name."""
        query = select(table).where(table.c.project == project)
        if names is not None:
            query = query.where(table.c.name.in_(list(names)))
        if before is not None:
            query = query.where(table.c.row < before)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(table.c.row.desc()).limit(limit)).mappings()
            return [read_version(row) for row in rows]

    def start(self, version: ProjectVersion, caller: Caller, units: tuple[int, int | None]) -> None:
        """Has it run, with at least and at most so many inference units. Raises ResourceInUseException unless
        it can be started.
        """
        now = milliseconds()
        values = {
            "status": VersionStatus.RUNNING.value,
            "message": MESSAGES[VersionStatus.RUNNING],
            "min_units": units[0],
            "max_units": units[1],
            "started": now,
            "started_by": keep_caller(caller),
            "counted": now,
            "asked": now,
        }
        self._change(version, STARTABLE, values, "can't be started")

    def stop_within(self, connection: Connection, version: ProjectVersion) -> None:
        """Has it run no more. Raises ResourceInUseException unless it runs."""
        values = {
            "status": VersionStatus.STOPPED.value,
            "message": MESSAGES[VersionStatus.STOPPED],
            "min_units": None,
            "max_units": None,
            "started": None,
        }
        _change(connection, version, (VersionStatus.RUNNING,), values, "can't be stopped")

    def count_within(self, connection: Connection, version: ProjectVersion, now: int) -> bool:
        """Says that its running is counted up to `now`; False where it runs no more, or was counted."""
        same = (
            table.c.row == version.row,
            table.c.status == VersionStatus.RUNNING.value,
            table.c.counted == version.counted,
        )
        return bool(connection.execute(update(table).where(*same).values(counted=now)).rowcount)

    def note_asked(self, version: ProjectVersion, now: int) -> None:
        """Says that it was asked, where it wasn't within the last minutes: most requests write nothing."""
        if version.asked is None or version.asked < now - _NOTED:
            with self.database.write() as connection:
                connection.execute(update(table).where(table.c.row == version.row).values(asked=now))

    def running(self, before: int | None = None) -> list[ProjectVersion]:
        """Those that run, or of them those whose running is counted up to a time before `before`."""
        query = select(table).where(table.c.status == VersionStatus.RUNNING.value)
        if before is not None:
            query = query.where(table.c.counted < before)
        with self.database.read() as connection:
            return [read_version(row) for row in connection.execute(query.order_by(table.c.row)).mappings()]

    def training_jobs(self) -> frozenset[str]:
        """The ids of the jobs that train."""
        training = table.c.status == VersionStatus.TRAINING_IN_PROGRESS.value
        with self.database.read() as connection:
            return frozenset(connection.execute(select(table.c.job_id).where(training)).scalars())

    def delete(self, version: ProjectVersion) -> None:
        """Removes it and its tags. Raises ResourceInUseException while it trains, is copied or runs."""
        kept = [*(one.value for one in MADE), VersionStatus.RUNNING.value]
        with self.database.write() as connection:
            gone = connection.execute(
                delete(table).where(table.c.row == version.row, table.c.status.not_in(kept))
            ).rowcount
            if not gone:
                _refuse(connection, version, "can't be deleted")
            remove_tags(connection, version.resource)

    def project_tags(self, version: ProjectVersion) -> dict[str, str]:
        """The tags of its project."""
        with self.database.read() as connection:
            resource = select(projects.c.resource).where(projects.c.row == version.project)
            return tags_of(connection, connection.execute(resource).scalar_one())

    def _change(
        self, version: ProjectVersion, of: Sequence[VersionStatus], values: Mapping[str, Any], told: str
    ) -> None:
        with self.database.write() as connection:
            _change(connection, version, of, values, told)


def find_version(connection: Connection, arn: str) -> ProjectVersion | None:
    """The version of an ARN, or of its last part, or None."""
    resource = arn if is_version(arn) else resource_of(arn)
    if resource is None or not is_version(resource):
        return None
    row = connection.execute(select(table).where(table.c.resource == resource)).mappings().first()
    return None if row is None else read_version(row)


def get_version(connection: Connection, arn: str) -> ProjectVersion:
    """The same. Raises ResourceNotFoundException."""
    found = find_version(connection, arn)
    if found is None:
        raise not_found(arn)
    return found


def find_named(connection: Connection, project: int, name: str) -> ProjectVersion | None:
    """The version of that name of a project, or None."""
    named = and_(table.c.project == project, table.c.name == name)
    row = connection.execute(select(table).where(named)).mappings().first()
    return None if row is None else read_version(row)


def _refuse_named(connection: Connection, new: NewVersion) -> None:
    if find_named(connection, new.project, new.name) is not None:
        raise ResourceInUseException(f"A project version named {new.name} already exists.")


def keep_made(connection: Connection, job_id: str, made: Made) -> None:
    """Says what the job of a version has made, in the transaction that keeps the job's last step.

    It is COMPLETED with that; nothing is changed where the version was cancelled meanwhile.
    """
    version = _of_job(connection, job_id)
    if version is None or version.status not in MADE:
        return
    done = _COMPLETED[version.status]
    values = {
        **columns_of(made),
        "status": done.value,
        "message": MESSAGES[done] if made.message is None else made.message,
        "ended": milliseconds() if made.ended is None else made.ended,
    }
    connection.execute(update(table).where(table.c.row == version.row).values(values))
    release_datasets(connection, version.resource)


def keep_manifest_summary(connection: Connection, job_id: str, place: BucketObject) -> None:
    """Says where the job of a version has written what it found of the manifests."""
    values = {"manifest_summary": write_object(place)}
    connection.execute(update(table).where(table.c.job_id == job_id).values(values))


def follow_end(connection: Connection, end: JobEnd) -> None:
    """What follows for a version from the end of the job that was to make it: where that failed, it has. An
    adapter that was to be trained anew is what it was before.
    """
    if end.status is not Status.FAILED:
        return
    version = _of_job(connection, end.job_id)
    if version is not None and version.status in MADE:
        values: dict[str, Any] = {
            "status": _FAILED[version.status].value,
            "message": end.message or "",
            "ended": milliseconds(),
        }
        if version.is_retrained:
            values = {
                "status": VersionStatus.TRAINING_COMPLETED.value,
                "message": f"{RETRAINING_FAILED} {end.message or ''}",
            }
        connection.execute(update(table).where(table.c.row == version.row).values(values))
        release_datasets(connection, version.resource)


def _of_job(connection: Connection, job_id: str) -> ProjectVersion | None:
    row = connection.execute(select(table).where(table.c.job_id == job_id)).mappings().first()
    return None if row is None else read_version(row)


def _change(
    connection: Connection,
    version: ProjectVersion,
    of: Sequence[VersionStatus],
    values: Mapping[str, Any],
    told: str,
) -> None:
    """Changes a version that has one of some statuses. Raises ResourceInUseException."""
    right = or_(*(table.c.status == one.value for one in of))
    if not connection.execute(
        update(table).where(table.c.row == version.row, right).values(dict(values))
    ).rowcount:
        _refuse(connection, version, told)


def _refuse(connection: Connection, version: ProjectVersion, told: str) -> None:
    current = get_version(connection, version.resource)
    raise ResourceInUseException(f"The project version {version.name} is {current.status} and {told}.")
