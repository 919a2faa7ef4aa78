"""Photos that somebody keeps: in a folder, in a bucket, or where a manifest says; read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from regard.collections.identifiers import external_id_of
from regard.context import Context
from regard.errors import RegardError
from regard.operations.inputs.manifests import read_entries

_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png"}


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """`name` is how people find it again. `read` gives its bytes, and raises RegardError. `place`: the bucket
    and key of one that other machines can read as well.
    """

    name: str
    read: Callable[[], bytes]
    place: tuple[str, str] | None = None

    @property
    def names(self) -> list[str]:
        """The ExternalImageIds that its faces may have: its name with and without the ending, and that of its
        folder, as `regard index` gives them.
        """
        path = PurePosixPath(self.name)
        return sorted({external_id_of(name) for name in (path.name, path.stem, path.parent.name) if name})


def photos_of(ctx: Context, request: Mapping[str, Any]) -> list[KeptPhoto]:
    """The photos in the request's `Folder` (every JPEG and PNG, at any depth), in its `Bucket`, NAME or
    NAME/PREFIX, and those that the lines of its `Manifest`, a file, name.

    Raises RegardError where a source isn't there or can't be read.
    """
    found: list[KeptPhoto] = []
    if request.get("Folder") is not None:
        found += _in_folder(ctx, request["Folder"])
    if request.get("Bucket") is not None:
        bucket, _, prefix = request["Bucket"].partition("/")
        keys = ctx.stores.objects.keys(bucket, prefix)
        found += [_in_bucket(ctx, bucket, key) for key in keys if Path(key).suffix.lower() in _SUFFIXES]
    if request.get("Manifest") is not None:
        found += _in_manifest(ctx, request["Manifest"])
    return found


def read_file(file: Path, limit: int) -> bytes:
    """Raises RegardError for a file that can't be read, or has more than `limit` bytes."""
    try:
        with file.open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as error:
        raise RegardError(f"It can't be read: {error.strerror}.") from error
    if len(content) > limit:
        raise RegardError(f"It is larger than {limit:,} bytes, the limit of REGARD_OBJECT_BYTES.")
    return content


def _in_folder(ctx: Context, folder: Path) -> list[KeptPhoto]:
    if not folder.is_dir():
        raise RegardError(f"There is no folder {folder}.")
    limit = ctx.settings.object_bytes
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _SUFFIXES and file.is_file())
    return [
        KeptPhoto(file.relative_to(folder).as_posix(), lambda file=file: read_file(file, limit))  # type: ignore[misc]
        for file in files
    ]


def _in_bucket(ctx: Context, bucket: str, key: str) -> KeptPhoto:
    objects, limit = ctx.stores.objects, ctx.settings.object_bytes
    return KeptPhoto(
        f"s3://{bucket}/{key}", lambda: objects.read(bucket, key, None, limit=limit), (bucket, key)
    )


def _in_manifest(ctx: Context, file: Path) -> Iterator[KeptPhoto]:
    try:
        with file.open("rb") as opened:
            for entry in read_entries(opened):
                if entry.error is not None:
                    raise RegardError(f"Line {entry.line} of {file}: {entry.error[1]}")
                yield _in_bucket(ctx, entry.bucket, entry.key)
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
