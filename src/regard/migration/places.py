"""Where the pictures of a migration lie: a folder, or a bucket below a prefix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from regard.errors import InvalidS3ObjectException, RegardError
from regard.migration.pictures import CandidatePictures, Matching, PicturesByList, PicturesByName, is_picture
from regard.storage.buckets.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """A `folder`, or, where that is None, a bucket below a prefix."""

    folder: Path | None = None
    bucket: str = ""
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> PicturePlace:
        """`s3://BUCKET/PREFIX`, or the path of a folder. Raises RegardError."""
        if text.startswith("s3://"):
            parts = urlsplit(text)
            if not parts.netloc:
                raise RegardError(f"{text} names no bucket: give s3://BUCKET/PREFIX.")
            return cls(bucket=parts.netloc, prefix=parts.path.removeprefix("/"))
        folder = Path(text)
        if not folder.is_dir():
            raise RegardError(f"There is no folder {text}: give one, or s3://BUCKET/PREFIX.")
        return cls(folder=folder)

    def keys(self, objects: ObjectStore) -> Iterator[str]:
        """The names of the pictures there. Raises ServiceError for a bucket that can't be read."""
        if self.folder is None:
            yield from filter(is_picture, objects.keys(self.bucket, self.prefix))
        else:
            files = (path for path in self.folder.rglob("*") if is_picture(path.name) and _is_file(path))
            yield from sorted(path.relative_to(self.folder).as_posix() for path in files)

    def image(self, key: str) -> Mapping[str, Any]:
        """The Image of a request. Raises InvalidS3ObjectException."""
        if self.folder is None:
            return {"S3Object": {"Bucket": self.bucket, "Name": key}}
        root = self.folder.resolve()
        try:
            file = (root / key).resolve()
            if not (file.is_relative_to(root) and file.is_file()):
                raise InvalidS3ObjectException(f"There is no picture {key} in the folder.")
            return {"Bytes": file.read_bytes()}
        except (OSError, ValueError) as error:  # no right to it, a broken disk, a name that can be none
            raise InvalidS3ObjectException(f"The picture {key} can't be read.") from error

    def candidates(self, match: str, objects: ObjectStore) -> CandidatePictures:
        """Which of the pictures a face may be of. `match` is a `Matching` or the name of a CSV file.

        Raises RegardError.
        """
        if match in set(Matching):
            return PicturesByName(self.keys(objects), Matching(match), self.prefix)
        if not match.endswith(".csv"):
            raise RegardError(f"Pictures are matched by {', '.join(Matching)} or FILE.csv, not {match!r}.")
        return PicturesByList(Path(match))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be entered
        return False
