"""One portable file with everything that a database holds, and back.

The file is an SQLite database with the tables of schema.py, whichever database it was made from. Its header's
`application_id` marks it, and `user_version` holds the CRC-32 of the file with these four bytes as zeros.
"""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import sqlite3
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, update

from regard.errors import RegardError
from regard.storage.database import Database
from regard.storage.durable_files import sync_folder
from regard.storage.folder import alone
from regard.storage.schema import facts
from regard.storage.schema_state import MIGRATIONS
from regard.storage.sqlite import FILE
from regard.storage.transfer import Progress, copy_at_once, copy_into, row_counts

_MARK = 0x52474442  # "RGDB"
_MAGIC = b"SQLite format 3\0"
_CRC_PLACE, _MARK_PLACE, _HEADER = 60, 68, 100  # in SQLite's header, both four bytes, big-endian
_PAGES = 2048  # copied at a time
_CHUNK = 8 << 20
_DRAFT = ".restoring-"
_DERIVED = (
    "index",
    "shards",
    "enrolments",
)  # in a data folder; what they say of the database that was is not true of another


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds: rows by table, and its size in bytes."""

    rows: dict[str, int]
    size: int


def back_up(database: Database, file: Path, *, replace: bool, progress: Progress) -> Contents:
    """Writes one consistent snapshot to `file`, mode 0600, while others read and write.

    The file has its name only when it is whole, checked and on disk. Raises RegardError when there is one
    already, unless `replace`, or it can't be written.
    """
    _check_target(file, replace=replace)
    kept_in = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and kept_in and file.resolve() == Path(kept_in).resolve():
        raise RegardError(f"{file} is the database itself; name another file.")
    try:
        with _draft_folder(file.parent, f".{file.name}-") as folder:
            draft = folder / FILE
            with database.read() as connection:
                rows = row_counts(connection)  # the first query fixes the snapshot
                _copy_out(connection, folder, progress)
            progress("Checking", 0, 1)
            _seal(draft, rows)
            progress("Checking", 1, 1)
            size = draft.stat().st_size
            _check_target(file, replace=replace)
            draft.replace(file)
            sync_folder(file.parent)
    except OSError as error:
        raise RegardError(f"{file} can't be written ({error.strerror}); nothing was left of it.") from error
    return Contents(rows, size)


def restore(
    file: Path,
    folder: Path,
    url: str | None,
    *,
    replace: bool,
    finish: Callable[[Database], None],
    progress: Progress,
) -> Contents:
    """Makes the database of `folder`, or the PostgreSQL database at `url`, what it was at the backup.

    `finish` may add to what is restored before anybody sees it. The database gets a new incarnation, and
    what is kept beside it from before is removed. All of it happens, or nothing. Raises RegardError for a
    file that is no backup, is damaged or of a newer Regard, while the data folder is used, and, unless
    `replace`, where there is a database already.
    """
    with alone(folder):
        if url is None and (folder / FILE).exists() and not replace:
            raise RegardError(f"There is a database in {folder} already; --force replaces it.")
        try:
            with _draft_folder(folder, _DRAFT) as draft:
                database = _opened(file, draft, progress)
                try:
                    finish(database)
                    with database.read() as connection:
                        rows = row_counts(connection)
                        if url is not None:
                            _copy_in(connection, folder, url, replace=replace, progress=progress)
                finally:
                    database.close()
                if url is None:
                    _swap(draft / FILE, folder / FILE)
        except OSError as error:
            raise RegardError(
                f"{folder} can't be written ({error.strerror}); nothing was changed."
            ) from error
    return Contents(rows, file.stat().st_size)


def check(file: Path) -> None:
    """Raises RegardError unless the file begins as a backup does; that it is whole shows when it is read."""
    try:
        with file.open("rb") as source:
            header = source.read(_HEADER)
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
    if not header.startswith(_MAGIC) or _number(header, _MARK_PLACE) != _MARK:
        raise RegardError(f"{file} is not a file that `regard backup` wrote.")


def _copy_out(connection: Connection, folder: Path, progress: Progress) -> None:
    """Everything that the connection sees, as `folder/regard.db`."""
    if connection.dialect.name != "sqlite":
        target = Database.open(folder)
        try:
            copy_into(connection, target, progress)
        finally:
            target.close()
        return
    # Pages as they are, three times as fast as VACUUM INTO; what was erased is zeros in them.
    source = cast("sqlite3.Connection", connection.connection.driver_connection)
    os.close(os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600))
    page = connection.exec_driver_sql("PRAGMA page_size").scalar_one()

    def report(_: int, remaining: int, total: int) -> None:
        progress("Copying MB", (total - remaining) * page // 1_000_000, total * page // 1_000_000)

    with closing(sqlite3.connect(folder / FILE)) as target_file:
        # A page is written once and not read; the whole file is put on disk in the end.
        for pragma in ("synchronous=OFF", "journal_mode=OFF", "cache_size=100"):
            target_file.execute(f"PRAGMA {pragma}")
        source.backup(target_file, pages=_PAGES, progress=report)


def _seal(file: Path, rows: dict[str, int]) -> None:
    """Checks a copy, marks it, and puts it on disk. Raises RegardError where it is not what it should be."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # one file, which can be read from any place
        found = [line for (line,) in connection.execute("PRAGMA quick_check")]
        if found != ["ok"]:
            raise RegardError(f"The database is damaged, and no backup was made: {found[0]}.")
        for table, count in rows.items():
            if connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() != (count,):  # noqa: S608
                raise RegardError(f"The copy of {table} is not whole, and no backup was made; try again.")
        connection.execute(f"PRAGMA application_id={_MARK}")
        connection.execute("PRAGMA user_version=0")
        connection.commit()
    with file.open("r+b") as out:
        crc = 0
        while chunk := out.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
        out.seek(_CRC_PLACE)
        out.write(crc.to_bytes(4, "big"))
        out.flush()
        os.fsync(out.fileno())


def _opened(file: Path, folder: Path, progress: Progress) -> Database:
    """A copy of the backup in `folder`, at the newest schema, with an incarnation of its own."""
    check(file)
    _copy_checked(file, folder / FILE, progress)
    try:
        with closing(sqlite3.connect(folder / FILE)) as connection:
            revision = connection.execute("SELECT max(version_num) FROM alembic_version").fetchone()[0]
            connection.execute("PRAGMA application_id=0")
            connection.execute("PRAGMA user_version=0")
            connection.commit()
    except sqlite3.DatabaseError as error:
        raise _damaged(file) from error
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision not in known:
        raise RegardError(f"{file} was made by a newer version of Regard; install that version.")
    database = Database.open(folder)
    with database.write() as connection:
        connection.execute(update(facts).where(facts.c.name == "incarnation").values(value=str(uuid.uuid4())))
    return database


def _copy_checked(file: Path, target: Path, progress: Progress) -> None:
    """Raises RegardError where the file's bytes don't have the checksum that is in them."""
    size, done, crc = file.stat().st_size, 0, 0
    expected = -1
    with file.open("rb") as source, open(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
        while chunk := source.read(_CHUNK):
            out.write(chunk)
            if not done:
                expected = _number(chunk, _CRC_PLACE)
                chunk = chunk[:_CRC_PLACE] + bytes(4) + chunk[_CRC_PLACE + 4 :]
            crc = zlib.crc32(chunk, crc)
            done += len(chunk)
            progress("Reading MB", done // 1_000_000, size // 1_000_000)
    if crc != expected:
        raise _damaged(file)


def _copy_in(connection: Connection, folder: Path, url: str, *, replace: bool, progress: Progress) -> None:
    """Everything that the connection sees into PostgreSQL, in one transaction."""
    target = Database.open(folder, url, connections=1)
    try:
        with target.write() as there:
            others = there.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = 'regard' AND pid <> pg_backend_pid()"
            ).scalar_one()
            if others:
                raise RegardError("A server or a command is using the PostgreSQL database; stop it first.")
            counts = row_counts(there)
            if not replace and any(counts[name] for name in counts if name != facts.name):
                raise RegardError("The PostgreSQL database is not empty; --force replaces what is in it.")
            copy_at_once(connection, there, progress)
            _remove_derived(folder)
    finally:
        target.close()


def _swap(draft: Path, file: Path) -> None:
    """Puts the draft, which nobody has open, in the place of the database, by one rename."""
    with draft.open("rb") as new:
        os.fsync(new.fileno())
    if file.exists():
        _settle(file)
    _remove_derived(file.parent)
    draft.replace(file)
    sync_folder(file.parent)


def _remove_derived(folder: Path) -> None:
    """Removes what was kept of the old database, before a crash could leave it beside the new one."""
    for name in _DERIVED:
        shutil.rmtree(folder / name, ignore_errors=True)


def _settle(file: Path) -> None:
    """Ends the write-ahead log of the old database: beside the new one it would be taken for its own."""
    try:
        with closing(sqlite3.connect(file, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise RegardError(f"A server or a command is using {file.parent}; stop it first.") from error
        _remove_log(file)
    except sqlite3.DatabaseError:
        _remove_log(file)  # it is damaged beyond opening, which may be why it is replaced


def _remove_log(file: Path) -> None:
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


@contextmanager
def _draft_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder, removed in the end. Those of runs that were killed are removed in the beginning."""
    for left in parent.glob(f"{glob.escape(prefix)}????????"):
        with suppress(RegardError), alone(left):  # else it is another run's
            shutil.rmtree(left)
    folder = parent / f"{prefix}{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        with alone(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_target(file: Path, *, replace: bool) -> None:
    if not replace and os.path.lexists(file):
        raise RegardError(f"{file} is there already; name a file that is not, or give --force.")
    if not file.parent.is_dir() or file.is_dir():
        raise RegardError(f"{file} can't be written; name a file in a folder that exists.")


def _number(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "big")


def _damaged(file: Path) -> RegardError:
    return RegardError(f"{file} is damaged, or was changed since it was written; take another backup.")
