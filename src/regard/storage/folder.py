"""Who uses a data folder: many at once, or one alone, who changes it under everyone's feet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regard.errors import RegardError

LOCK = "lock"


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Held by who serves or changes what is in the folder. Raises RegardError while somebody has it alone."""
    with _locked(folder, alone=False):
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Held by who replaces the database. Raises RegardError while anybody else uses the folder."""
    with _locked(folder, alone=True):
        yield


@contextmanager
def _locked(folder: Path, *, alone: bool) -> Iterator[None]:
    """The operating system gives the lock back when the process ends, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise RegardError(
            f"The data folder {folder} can't be used ({error.strerror}); give another one with --data."
        ) from error
    try:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RegardError(
                    f"A server or a command is using {folder}; stop it first."
                    if alone
                    else f"A backup is being restored into {folder}; wait until that is done."
                ) from error
        yield
    finally:
        os.close(descriptor)
