"""Looks at every part of an installation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DBAPIError

from regard.doctor.machine import look_at_clock, look_at_disk, look_at_memory
from regard.doctor.network import look_at_buckets, look_at_certificate, look_at_ports, look_at_public_url
from regard.doctor.seeing import look_at_liveness, look_at_models, look_at_runtime
from regard.doctor.stored import look_at_database, look_at_indexes, look_at_keys
from regard.doctor.symptom import Look, Patient, Symptom, fault, ok
from regard.doctor.work import look_at_audit_log, look_at_workers
from regard.errors import RegardError
from regard.governance.profiles import load_profiles
from regard.governance.purpose import PURPOSES
from regard.metering.prices import chosen_price_list
from regard.settings import Settings
from regard.storage.database import Database, database_exists

LOOKS: Final[dict[str, Look]] = {
    "memory": look_at_memory,
    "disk": look_at_disk,
    "clock": look_at_clock,
    "port": look_at_ports,
    "certificate": look_at_certificate,
    "public address": look_at_public_url,
    "keys": look_at_keys,
    "database": look_at_database,
    "indexes": look_at_indexes,
    "models": look_at_models,
    "runtime": look_at_runtime,
    "liveness": look_at_liveness,
    "bucket": look_at_buckets,
    "jobs": look_at_workers,
    "audit log": look_at_audit_log,
}
"""By the name of the part under which a look that fails is told."""


def examine(settings: Settings, *, quick: bool = False) -> Iterator[Symptom]:
    """Every symptom, one after another. Nothing is changed; files that are made are removed at once."""
    yield _look_at_settings(settings)
    database, refused = _open(settings)
    if refused is not None:
        yield refused
    patient = Patient(settings, database, quick)
    try:
        for part, look in LOOKS.items():
            try:
                yield from look(patient)
            except (RegardError, OSError) as error:
                yield fault(part, f"{error}", "Mend what it says.")
            except DBAPIError:
                yield fault(part, "The database fails.", "See what is said of it.")
    finally:
        if database is not None:
            database.close()


def _look_at_settings(settings: Settings) -> Symptom:
    try:
        load_profiles(settings.profiles)
        chosen_price_list(settings.prices)
    except RegardError as error:
        return fault("settings", str(error), "docs/settings.md lists them.")
    if settings.site_purpose not in PURPOSES:
        return fault("settings", "REGARD_SITE_PURPOSE is no purpose.", f"Choose of {', '.join(PURPOSES)}.")
    return ok("settings", "They can be read, and what they name is there.")


def _open(settings: Settings) -> tuple[Database | None, Symptom | None]:
    """The database as it is, or why not. A missing one isn't made."""
    try:
        if not database_exists(settings.data, settings.database):
            return None, fault(
                "database",
                "There is none yet.",
                "Start `regard serve` once, or name its folder with --data (REGARD_DATA, REGARD_DATABASE).",
            )
        return Database.open(settings.data, settings.database, connections=1, migrate=False), None
    except RegardError as error:
        return None, fault("database", str(error), "No request is answered without it.")
