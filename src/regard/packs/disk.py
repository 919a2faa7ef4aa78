"""The folder of the installed packs: its place, its lock, its room, and folders that appear all at once."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from regard.packs.manifest import PackError

_PREFIX = ".installing-"


def packs_folder(models: Path | None) -> Path:
    """The folder of the installed packs: the setting `models`, or a cache folder of the user's."""
    return models or platformdirs.user_cache_path("regard") / "packs"


@contextmanager
def errors_as_sentences(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into a PackError that names the folder."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PackError(f"The disk of {folder} is full: nothing was installed.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise PackError(
                f"{folder} can't be written to: choose another folder with REGARD_MODELS."
            ) from error
        raise


def require_room(folder: Path, needed: int) -> None:
    """Raise PackError when fewer than `needed` bytes are free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PackError(
            f"{folder} has {free / 1e6:.0f} MB free and the install needs {needed / 1e6:.0f} MB: "
            "make room, or choose another folder with REGARD_MODELS."
        )


@contextmanager
def locked(folder: Path, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process; call `waiting` once if another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+b") as handle:
        if not _lock(handle.fileno(), wait=False):
            waiting()
            _lock(handle.fileno(), wait=True)
        yield


if sys.platform == "win32":
    import msvcrt
    import time

    def _lock(handle: int, *, wait: bool) -> bool:
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
                return True
            except OSError:
                if not wait:
                    return False
                time.sleep(0.2)

else:
    import fcntl

    def _lock(handle: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """An empty folder beside `target` that takes its place at the end of the block, in one step.

    When the block fails, `target` stays as it was. Call it under the lock: what an interrupted block left
    behind is cleared first.
    """
    for leftover in target.parent.glob(f"{_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    outer = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=target.parent))
    try:
        fresh, old = outer / "fresh", outer / "old"
        fresh.mkdir()
        yield fresh
        if target.exists():
            os.replace(target, old)
        os.replace(fresh, target)
    finally:
        shutil.rmtree(outer, ignore_errors=True)
