"""How long versions run, as usage counts it: hourly, and when they are stopped, by people or for idleness."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from regard.context import Context
from regard.custom.version_records import ProjectVersion
from regard.custom.versions import get_version
from regard.governance.record import Record
from regard.metering.units import Unit
from regard.operations.custom_labels.training.feature_file import remove_left_over
from regard.operations.custom_labels.training.kept_features import remove_kept
from regard.operations.custom_subjects import custom_arn
from regard.settings import Settings
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.stores import Stores

HOUR: Final = 3_600_000
"""Milliseconds after which the running of a version is counted again."""


def stop_running(ctx: Context, version: ProjectVersion) -> None:
    """Stops a version and counts how long it ran, by one transaction. Raises ResourceInUseException unless
    it runs.
    """
    versions = ctx.stores.custom.versions
    with versions.database.write(turn=Turn.AUDIT) as connection:
        current = get_version(connection, version.resource)
        versions.stop_within(connection, current)
        _count(connection, ctx.stores, ctx.settings, current, milliseconds())


def count_running(stores: Stores, settings: Settings, now: int) -> int:
    """Counts how long those versions ran that weren't counted for an hour; answers how many those are."""
    due = stores.custom.versions.running(before=now - HOUR)
    for version in due:
        with stores.database.write(turn=Turn.AUDIT) as connection:
            if stores.custom.versions.count_within(connection, version, now):
                _count(connection, stores, settings, version, now)
    return len(due)


def stop_idle(stores: Stores, settings: Settings, now: int) -> int:
    """Stops those that nobody has asked for as many hours as the settings say, each with a record of it;
    answers how many those are.
    """
    if not settings.custom_idle_hours:
        return 0
    versions = stores.custom.versions
    idle = [
        one
        for one in versions.running()
        if (one.asked or one.started or now) < now - settings.custom_idle_hours * HOUR
    ]
    return sum(_stop_idle(stores, settings, version, now) for version in idle)


def _stop_idle(stores: Stores, settings: Settings, version: ProjectVersion, now: int) -> bool:
    """Whether it was still idle, and is stopped."""
    versions = stores.custom.versions
    with versions.database.write(turn=Turn.AUDIT) as connection:
        current = get_version(connection, version.resource)
        if (current.status, current.asked) != (version.status, version.asked):
            return False
        versions.stop_within(connection, current)
        _count(connection, stores, settings, current, now)
        stores.audit.append_within(
            connection,
            {
                "time": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds"),
                "key": "upkeep",
                "operation": "StopIdleVersion",
                "version": custom_arn(settings, current.resource),
            },
        )
    return True


def remove_features(stores: Stores, settings: Settings, now: int) -> int:
    """Removes what trainings that have ended have left in this data folder, and what was kept of data sets
    that are gone; answers how many files.
    """
    left = remove_left_over(settings.data, stores.custom.versions.training_jobs(), (now - HOUR) / 1000)
    return left + remove_kept(settings.data, stores.custom.datasets.resources(), now / 1000)


def _count(
    connection: Connection, stores: Stores, settings: Settings, version: ProjectVersion, now: int
) -> None:
    """The record of what a version has run since it was counted, for whoever started it: an inference unit
    runs as long as the version does.
    """
    if version.started_by is None or version.counted is None:
        return
    record = Record(
        stores.audit,
        operation="StartProjectVersion",
        collection=None,
        caller=version.started_by,
        request_id="",
        case=None,
    )
    record.about(version=custom_arn(settings, version.resource), stage="counts")
    ran = max(0, now - version.counted) * (version.min_units or 1)
    record.units = {Unit.INFERENCE_MS.value: ran}
    record.end_within(connection)
