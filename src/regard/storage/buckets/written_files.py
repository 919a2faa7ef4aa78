"""Files written into a folder that stands for a bucket: whole or not at all, and nowhere else."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LONGEST_NAME = 255  # bytes of one part of a path
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def parts_of(key: str) -> list[str]:
    """The folders and the file that an object's key names.

    Raises ValueError for a key that is no path downwards: with an empty part, `.` or `..`, or too long.
    """
    parts = key.split("/")
    for part in parts:
        if part in ("", ".", "..") or "\0" in part or len(part.encode("utf-8")) > _LONGEST_NAME:
            raise ValueError(f"{key!r} names no file below the bucket's folder.")
    return parts


def write_file(root: Path, parts: list[str], pieces: Iterable[bytes]) -> None:
    """Writes the pieces as the file `parts` below `root`, in the place of one before; on disk on return.

    Folders on the way are made. None of them is followed where it is a link, whatever becomes of it
    meanwhile: each is opened within the one above. One writer at a time; what one that died has left of the
    same file is removed. Raises OSError, and whatever `pieces` raises.
    """
    *folders, name = parts
    with _opened(root, folders) as folder:
        _remove_leftovers(folder, name)
        unfinished = f".{name[:128]}.{secrets.token_hex(8)}.part"
        descriptor = os.open(
            unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666, dir_fd=folder
        )
        try:
            with open(descriptor, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(unfinished, dir_fd=folder)
            raise
        os.fsync(folder)


@contextmanager
def _opened(root: Path, folders: list[str]) -> Iterator[int]:
    """A descriptor of the last folder, made where it is not there."""
    current = os.open(root, _DIRECTORY)
    try:
        for part in folders:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=current)
                os.fsync(current)
            deeper = os.open(part, _DIRECTORY, dir_fd=current)
            os.close(current)
            current = deeper
        yield current
    finally:
        os.close(current)


def _remove_leftovers(folder: int, name: str) -> None:
    """Those of this very file: one of `a.b` is no leftover of `a`, and may be being written."""
    of_name = re.compile(rf"\.{re.escape(name[:128])}\.[0-9a-f]{{16}}\.part")
    for left in os.listdir(folder):
        if of_name.fullmatch(left):
            with suppress(FileNotFoundError):
                os.unlink(left, dir_fd=folder)
