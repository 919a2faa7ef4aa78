"""Read members out of a fetched archive, into memory: nothing is unpacked onto the disk."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from lzma import LZMAError
from pathlib import Path

from regard.packs.manifest import PackError

_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, LZMAError, OSError)


def read_members(archive: Path, file: str, members: Iterable[str]) -> Mapping[str, bytes]:
    """The members' bytes by their names. `file` is the archive's published name; its ending says what it is.

    A file that is no archive is its own only member, whatever that is called.
    Raises PackError when the archive is damaged or lacks a member.
    """
    wanted = set(members)
    try:
        if file.endswith((".whl", ".zip")):
            found = _from_zip(archive, wanted)
        elif file.endswith((".tgz", ".tar.gz", ".tar")):
            found = _from_tar(archive, wanted)
        else:
            found = dict.fromkeys(wanted, archive.read_bytes())
    except _DAMAGED as error:
        raise PackError(f"The archive {file} is damaged ({error}).") from error
    if missing := wanted - found.keys():
        raise PackError(f"The archive {file} has no member {min(missing)}.")
    return found


def _from_zip(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as content:
        return {name: content.read(name) for name in wanted & set(content.namelist())}


def _from_tar(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as content:
        for member in content:
            if member.name in wanted and (stream := content.extractfile(member)):
                found[member.name] = stream.read()
            if found.keys() == wanted:  # what follows would only be decompressed to be thrown away
                break
    return found
