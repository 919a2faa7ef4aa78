"""Names of files that outlast a loss of power: a file's own bytes may be on disk while its name is not."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path


def write_new(file: Path, content: bytes) -> bool:
    """Writes a file that its owner alone may read, whole before it has its name, and on disk on return.

    False where there is one: of several processes that come at once, one's file stays. Raises OSError.
    """
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, file)  # which, unlike a rename, replaces none
            is_ours = True
        except FileExistsError:
            is_ours = False
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(file.parent)  # of another's file too, which its maker may not have come to
    return is_ours


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on disk: those of files that were made, renamed or removed. Windows has no
    such call, nor have some file systems of a network. Raises OSError.
    """
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
