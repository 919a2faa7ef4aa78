"""What is kept: the database and its schema, the files of keys, index snapshots."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from regard.collections.snapshot import MANIFEST, damage_of
from regard.doctor.symptom import Patient, Symptom, fault, ok, warning
from regard.governance.credentials import read_credentials
from regard.governance.keys import KeyStore
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import facts
from regard.storage.sqlite import FILE

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_SECRETS: Final = ("encryption.key", "audit.key")
_CHECKED_BYTES: Final = 4_000_000_000
_DURABLE: Final = ("fsync", "full_page_writes")


def examine_database(patient: Patient) -> Iterator[Symptom]:
    """The database, its schema, and whether a commit lasts."""
    database = patient.database
    if database is None:
        return  # said by whoever tried to open it
    state = database.schema()
    where = "PostgreSQL" if database.is_shared else str(patient.settings.data / FILE)
    yield ok("database", f"{where} answers.")
    if state.current is None:
        yield warning("schema", "The database is empty.", "Start `regard serve` once.")
    elif state.is_newer:
        yield fault(
            "schema",
            f"It is at {state.current}, which this version doesn't know; it knows {state.newest}.",
            "Install the version of Regard that made it, or a newer one.",
        )
    elif state.pending:
        yield warning(
            "schema",
            f"It is at {state.current}; {len(state.pending)} migrations wait, up to {state.newest}.",
            "Back up, then `regard database upgrade`, or start a server of this version.",
        )
    else:
        yield ok("schema", f"It is at {state.current}, the newest of this version.")
    yield _durability(database)
    if not database.is_shared and not patient.quick:
        yield _wholeness(patient.settings.data / FILE, database)


def _durability(database: Database) -> Symptom:
    if not database.is_shared:
        return ok("durability", "SQLite syncs each commit (WAL, synchronous=FULL).")
    with database.engine.connect() as connection:
        values = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in _DURABLE}
    off = [name for name, value in values.items() if value != "on"]
    if off:
        return fault(
            "durability",
            f"PostgreSQL has {' and '.join(off)} off: what was answered may be lost when it crashes.",
            f"Switch {' and '.join(off)} on in postgresql.conf.",
        )
    return ok("durability", "PostgreSQL syncs each commit (fsync, full_page_writes).")


def _wholeness(file: Path, database: Database) -> Symptom:
    if file.stat().st_size > _CHECKED_BYTES:
        return ok("integrity", f"{file} is large; check it with `regard audit verify` and a backup.")
    try:
        with database.engine.connect() as connection:
            said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    except DBAPIError as error:
        said = str(error.orig)
    if said != "ok":
        return fault("integrity", f"{file} is damaged.", "Restore a backup: docs/backup.md says how.")
    return ok("integrity", f"{file} is whole (quick_check).")


def examine_keys(patient: Patient) -> Iterator[Symptom]:
    """Who may read what only the server's user should; whether the keys are this database's."""
    settings, found = patient.settings, 0
    files = [settings.data / "credentials", *(settings.keys / name for name in _SECRETS)]
    if settings.database is None:
        files.append(settings.data / FILE)
    if settings.tls_key is not None:
        files.append(Path(settings.tls_key))
    for file in (*files, settings.data / "tls" / "key.pem"):
        if not file.exists():
            continue
        found += 1
        if not os.access(file, os.R_OK):
            yield fault("keys", f"{file} can't be read.", "Give it to the user that runs the server.")
        elif file.stat().st_mode & _OTHERS:
            mode = stat.S_IMODE(file.stat().st_mode)
            yield fault("keys", f"Others may use {file} (mode {mode:04o}).", f"chmod 600 {file}")
        else:
            continue
        found = -1_000
    if found >= 0:
        yield ok("keys", f"{found} files of secrets, each for its owner alone.")
    database = patient.database
    if database is None or database.schema().pending:
        return
    Cipher(settings.keys, database).check()
    credentials = settings.data / "credentials"
    if credentials.exists() and KeyStore(database).shown(*read_credentials(credentials)) is None:
        yield warning(
            "keys", f"The key in {credentials} is none of this database.", "Make one: `regard keys create`."
        )


def examine_indexes(patient: Patient) -> Iterator[Symptom]:
    """What a restart finds of the indexes."""
    data = patient.settings.data
    folders = [data / "index", *data.glob("shards/*")]
    kept = sorted(file.parent for folder in folders for file in folder.glob(f"*/{MANIFEST}"))
    incarnation = None
    if patient.database is not None and patient.database.schema().current is not None:
        with patient.database.read() as connection:
            incarnation = connection.execute(
                select(facts.c.value).where(facts.c.name == "incarnation")
            ).scalar()
    damaged = 0
    for one in kept:
        damage = damage_of(one, incarnation, quick=patient.quick)
        if damage is not None:
            damaged += 1
            yield warning(
                "indexes",
                f"{one} is no use: {damage}.",
                "Nothing is lost: it is built anew when it is next searched, which takes its time.",
            )
    if not damaged:
        size = sum(file.stat().st_size for folder in folders for file in folder.glob("*/*.segment"))
        yield ok("indexes", f"{len(kept)} kept for a restart, {size / 1e6:,.1f} MB.")
