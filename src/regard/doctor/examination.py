"""Looks at every part of an installation."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from sqlalchemy.exc import DBAPIError

from regard.doctor.beginning import miss_database
from regard.doctor.machine import examine_clock, examine_disk, examine_memory
from regard.doctor.network import examine_buckets, examine_certificate, examine_ports, examine_public_url
from regard.doctor.seeing import examine_liveness, examine_models, examine_runtime
from regard.doctor.stored import examine_database, examine_indexes, examine_keys
from regard.doctor.symptom import Examining, Patient, Symptom, fault, ok, warning
from regard.doctor.work import examine_audit_log, examine_workers
from regard.errors import RegardError
from regard.governance.profiles import load_profiles
from regard.governance.purpose import PURPOSES
from regard.metering.prices import chosen_price_list
from regard.settings import Settings
from regard.storage.database import Database, database_exists

EXAMINATIONS: Final[dict[str, Examining]] = {
    "memory": examine_memory,
    "disk": examine_disk,
    "clock": examine_clock,
    "port": examine_ports,
    "certificate": examine_certificate,
    "public address": examine_public_url,
    "keys": examine_keys,
    "database": examine_database,
    "indexes": examine_indexes,
    "models": examine_models,
    "runtime": examine_runtime,
    "liveness": examine_liveness,
    "bucket": examine_buckets,
    "jobs": examine_workers,
    "audit log": examine_audit_log,
}
"""By the name of the part under which a look that fails is told."""


def examine(
    settings: Settings, *, environ: Mapping[str, str] | None = None, quick: bool = False
) -> Iterator[Symptom]:
    """Every symptom, one after another. Nothing is changed; files that are made are removed at once.

    `environ` is searched for variables that look like settings and are none: the process's own unless given.
    """
    yield _examine_settings(settings)
    yield from _mistyped(settings, os.environ if environ is None else environ)
    database, refused = _open(settings)
    if refused is not None:
        yield refused
    patient = Patient(settings, database, quick)
    try:
        for part, examining in EXAMINATIONS.items():
            try:
                yield from examining(patient)
            except (RegardError, OSError) as error:
                yield fault(part, f"{error}", "Mend what it says.")
            except DBAPIError:
                yield fault(part, "The database fails.", "See what is said of it.")
    finally:
        if database is not None:
            database.close()


def _examine_settings(settings: Settings) -> Symptom:
    try:
        load_profiles(settings.profiles)
        chosen_price_list(settings.prices)
    except RegardError as error:
        return fault("settings", str(error), "docs/settings.md lists them.")
    if settings.site_purpose not in PURPOSES:
        return fault("settings", "REGARD_SITE_PURPOSE is no purpose.", f"Choose of {', '.join(PURPOSES)}.")
    return ok("settings", "They can be read, and what they name is there.")


def _mistyped(settings: Settings, environ: Mapping[str, str]) -> Iterator[Symptom]:
    """Variables that nothing reads. What they are set to, which may be a secret, isn't told."""
    known = settings.environment().keys()
    for name in sorted(environ):
        if name.startswith("REGARD_") and name.removesuffix("_FILE") not in known:
            likely = get_close_matches(name, known, n=1)
            advice = f"{likely[0]} is one." if likely else "docs/settings.md lists them."
            yield warning("settings", f"{name} is no setting, and nothing reads it.", advice)


def _open(settings: Settings) -> tuple[Database | None, Symptom | None]:
    """The database as it is, or why not. A missing one isn't made."""
    try:
        if not database_exists(settings.data, settings.database):
            return None, miss_database(settings)
        return Database.open(settings.data, settings.database, connections=1, migrate=False), None
    except RegardError as error:
        return None, fault("database", str(error), "No request is answered without it.")
    except OSError as error:
        folder = settings.data.absolute()
        said = f"{folder} can't be looked into: {error.strerror}."
        return None, fault("database", said, "Run it as the server's user, or mend the folder's rights.")
