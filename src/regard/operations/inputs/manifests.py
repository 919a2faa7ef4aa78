"""Manifests of bulk analysis: JSON lines, each of which names a picture in a bucket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from regard.context import Context
from regard.errors import InvalidManifestException, InvalidParameterException, VideoTooLargeException
from regard.storage.buckets.json_lines import is_blank, read_lines, read_reference

LONGEST_LINE = 8192
"""Bytes of a line that is read; a key has 1,024 at most."""

# Rekognition documents codes for the lines of a custom model's manifest, and says nothing of those here.
INVALID_JSON_LINE = "ERROR_INVALID_JSON_LINE"
MISSING_SOURCE_REF = "ERROR_MISSING_SOURCE_REF"
INVALID_SOURCE_REF = "ERROR_INVALID_SOURCE_REF_FORMAT"
INVALID_IMAGE = "ERROR_INVALID_IMAGE"


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A line that isn't blank, the `line`-th of all, from 1; `end`: the byte at which the next one begins.

    It names a picture, `bucket` and `key`, or `error` says in a code and a sentence why it doesn't.
    `reference` is its source-ref as it is written there, where it has one.
    """

    line: int
    end: int
    reference: str | None = None
    bucket: str = ""
    key: str = ""
    error: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """How many lines of a manifest aren't blank, and the SHA-256 of it, in hexadecimal digits."""

    entries: int
    digest: str


@contextmanager
def open_manifest(ctx: Context, request: Mapping[str, Any]) -> Iterator[BinaryIO]:
    """The manifest of a StartMediaAnalysisJob as a file that can be sought.

    Raises InvalidParameterException, InvalidS3ObjectException, and InvalidManifestException for one that is
    empty or larger than as many of the longest lines as it may have.
    """
    where = request["Input"]["S3Object"]
    if not (where.get("Bucket") and where.get("Name")):
        raise InvalidParameterException("Request has invalid parameters: S3Object needs Bucket and Name")
    limit = ctx.settings.manifest_images * LONGEST_LINE
    place = (where["Bucket"], where["Name"], where.get("Version"))
    try:
        with ctx.stores.objects.open_video(*place, limit=limit) as file:
            if not file.seek(0, 2):
                raise InvalidManifestException("The manifest is empty.")
            file.seek(0)
            yield file
    except VideoTooLargeException as error:
        raise InvalidManifestException(f"The manifest is larger than {limit} bytes.") from error


def measure(file: BinaryIO, *, limit: int) -> Measure:
    """Reads a manifest through. Raises InvalidManifestException where it has no line or more than `limit`."""
    digest = hashlib.sha256()
    entries = 0
    for line in read_lines(file, digest.update, longest=LONGEST_LINE):
        entries += not is_blank(line)
        if entries > limit:
            raise InvalidManifestException(f"The manifest names more than {limit} images.")
    if not entries:
        raise InvalidManifestException("The manifest is empty.")
    return Measure(entries, digest.hexdigest())


def read_entries(file: BinaryIO, *, line: int = 0, place: int = 0) -> Iterator[ManifestEntry]:
    """The lines that aren't blank, one by one, behind the `line`-th, which ends at the byte `place`.

    No more than one line is held in memory.
    """
    file.seek(place)

    def passed(piece: bytes) -> None:
        nonlocal place
        place += len(piece)

    for content in read_lines(file, passed, longest=LONGEST_LINE):
        line += 1
        if not is_blank(content):
            yield _entry(line, place, content)


def _entry(line: int, end: int, content: bytes | None) -> ManifestEntry:
    if content is None:
        return ManifestEntry(
            line, end, error=(INVALID_JSON_LINE, f"The line has {LONGEST_LINE} bytes or more.")
        )
    try:
        read = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):  # broken JSON, broken UTF-8, a number of thousands of digits
        return ManifestEntry(line, end, error=(INVALID_JSON_LINE, "The line is no JSON."))
    if not isinstance(read, dict):
        return ManifestEntry(line, end, error=(INVALID_JSON_LINE, "The line is no JSON object."))
    reference = read.get("source-ref")
    if reference is None:
        return ManifestEntry(line, end, error=(MISSING_SOURCE_REF, "The line has no source-ref."))
    if not isinstance(reference, str):
        return ManifestEntry(line, end, error=(INVALID_SOURCE_REF, "The source-ref is no text."))
    named = read_reference(reference)
    if named is None:
        return ManifestEntry(
            line, end, reference, error=(INVALID_SOURCE_REF, "A source-ref is s3://BUCKET/KEY.")
        )
    return ManifestEntry(line, end, reference, *named)
