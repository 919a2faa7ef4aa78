"""The machine: its memory, its disk, its clock."""

from __future__ import annotations

import ctypes
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from regard.doctor.beginning import place_of
from regard.doctor.symptom import Patient, Symptom, fault, not_yet, ok, warning
from regard.governance.audit import AuditLog
from regard.memory import machine_memory
from regard.storage.database import Database

_MB: Final = 1_000_000
_SERVER_MB: Final = 1_000  # what a server takes at most beside its indexes, measured: docs/speed.md
_WORKER_MB: Final = 600  # a worker for jobs, or for streams, with its models
_MIN_ROOM: Final = 200 * _MB
_LITTLE_ROOM: Final = 2_000 * _MB
_SYNCS: Final = 20
_SLOW: Final = 0.020  # seconds for one commit
_DRIFT: Final = 2.0  # seconds
_NOT_DURABLE: Final = frozenset({"tmpfs", "ramfs"})
_NETWORKS: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs"})
_TIME_ERROR: Final = 5  # adjtimex(2): the clock isn't synchronised
_SYNCHRONISE: Final = (
    "Have chrony or systemd-timesyncd synchronise the clocks: signatures and leases go by them."
)


def examine_memory(patient: Patient) -> Iterator[Symptom]:
    """Whether what the settings allow fits into the memory that this process may use."""
    settings, memory = patient.settings, machine_memory()
    if memory is None:
        yield warning("memory", "This system doesn't say how much there is.", "Set REGARD_INDEX_MEMORY.")
        return
    workers = settings.job_workers + settings.stream_workers
    needed = _SERVER_MB + _WORKER_MB * workers + settings.index_memory
    total = memory // _MB
    indexes = f"{settings.index_memory:,}" if settings.index_memory else "half of all at most"
    said = (
        f"{total:,} MB may be used; a server takes up to {_SERVER_MB:,}, each of {workers} workers "
        f"{_WORKER_MB}, indexes {indexes}."
    )
    if needed > total:
        yield fault(
            "memory",
            said,
            "Give the machine or the container more, or lower REGARD_INDEX_MEMORY, REGARD_JOB_WORKERS or "
            "REGARD_STREAM_WORKERS: whatever needs more is killed.",
        )
    elif not settings.index_memory and needed > total // 2:
        yield warning("memory", said, "Set REGARD_INDEX_MEMORY to what is left.")
    else:
        yield ok("memory", said)


def examine_disk(patient: Patient) -> Iterator[Symptom]:
    """Room, the kind of file system, and how long a commit takes on it."""
    whole = patient.settings.data.absolute()
    folder = place_of(whole)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield fault(
            "disk",
            f"{folder} is no folder that this user may write into.",
            "Run it as the server's user, or name the server's data folder with --data (REGARD_DATA).",
        )
        return
    if folder != whole:
        yield not_yet("disk", f"There is no folder {whole}.", "The first start of `regard serve` makes it.")
    usage = shutil.disk_usage(folder)
    room = f"{usage.free / 1e9:,.1f} GB of {usage.total / 1e9:,.1f} are free in {folder}."
    advice = "Make room: with a full disk nothing is answered that must be recorded."
    if usage.free < _MIN_ROOM:
        yield fault("disk", room, advice)
    elif usage.free < _LITTLE_ROOM:
        yield warning("disk", room, advice)
    else:
        yield ok("disk", room)
    kind = _file_system(folder)
    if kind in _NETWORKS and patient.settings.database is None:
        yield fault(
            "file system",
            f"{folder} is on {kind}, where SQLite's write-ahead log does not work.",
            "Use a local disk, or PostgreSQL (REGARD_DATABASE).",
        )
    elif kind in _NOT_DURABLE:
        yield warning(
            "file system", f"{folder} is on {kind}: a restart of the machine loses it.", "Use a disk."
        )
    elif kind is not None:
        yield ok("file system", f"{folder} is on {kind}.")
    if folder == whole:
        yield _commits(folder)


def _commits(folder: Path) -> Symptom:
    """How long it takes until a page is on disk, as each answer waits for that."""
    taken: list[float] = []
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    typical = statistics.median(taken)
    said = f"A commit takes {typical * 1e3:.2f} ms there (fsync, median of {_SYNCS})."
    if typical > _SLOW:
        return warning("fsync", said, "Each answer that is recorded waits for one: use a faster disk.")
    return ok("fsync", said)


def _file_system(folder: Path) -> str | None:
    """The kind of file system by /proc/self/mounts; None where there is none."""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8").splitlines()
    except OSError:
        return None
    mounts = {Path(line.split()[1].replace("\\040", " ")): line.split()[2] for line in lines}
    whole = folder.resolve()
    return next((mounts[one] for one in (whole, *whole.parents) if one in mounts), None)


def examine_clock(patient: Patient) -> Iterator[Symptom]:
    """This machine's clock against those of the file system and the database, and against the audit log."""
    offsets: list[str] = []
    if patient.settings.data.is_dir():
        with tempfile.NamedTemporaryFile(dir=patient.settings.data, prefix=".doctor-") as file:
            file.write(b"x")
            file.flush()
            drift = os.fstat(file.fileno()).st_mtime - time.time()
        offsets.append(f"{drift:+.1f} s to the file system's")
        if abs(drift) > _DRIFT:
            yield fault(
                "clock", f"The clock of the data folder's file system is {drift:+.1f} s off.", _SYNCHRONISE
            )
            return
    database = patient.database
    if database is not None and database.is_shared:
        with database.engine.connect() as connection:
            before = time.time()
            there = float(
                connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar() or 0
            )
            drift = there - (before + time.time()) / 2
        offsets.append(f"{drift:+.1f} s to the database's")
        if abs(drift) > _DRIFT:
            yield fault("clock", f"The database's clock is {drift:+.1f} s off.", _SYNCHRONISE)
            return
    if database is not None and database.schema().current is not None:
        ahead = _log_ahead(database)
        if ahead > _DRIFT:
            yield fault(
                "clock",
                f"The audit log's newest record is {ahead:,.0f} s in the future: this clock went back, or "
                "another server's is ahead.",
                _SYNCHRONISE,
            )
            return
    said = f"This machine's clock: {', '.join(offsets) or 'nothing to compare it with'}."
    if _is_unsynchronised():
        yield warning("clock", f"{said} The kernel says that nothing synchronises it.", _SYNCHRONISE)
    else:
        yield ok("clock", said)


def _log_ahead(database: Database) -> float:
    """Seconds by which the audit log's newest record is ahead of this clock."""
    newest = AuditLog(database).newest_time()
    if newest is None:
        return 0.0
    return (datetime.fromisoformat(newest) - datetime.now(UTC)).total_seconds()


def _is_unsynchronised() -> bool:
    """Whether Linux says so; False where nothing can be asked."""
    if sys.platform != "linux":
        return False
    asked = ctypes.create_string_buffer(512)  # struct timex with modes 0, which changes nothing
    try:
        return int(ctypes.CDLL(None).adjtimex(asked)) == _TIME_ERROR
    except (AttributeError, OSError):
        return False
