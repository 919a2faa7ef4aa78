"""Making a data set of a manifest or of another data set, some lines at a time.

What was written is committed with its line numbers, so that whoever goes on after a crash writes nothing
twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Final

import structlog

from regard.context import Context
from regard.custom.entries import CHUNK, EntriesRefused
from regard.custom.manifests.entry import ManifestLine, UselessLine
from regard.custom.manifests.reading import ReadLine, read_line, read_manifest
from regard.custom.records import CustomDataset, DatasetOutcome, DatasetStatus
from regard.errors import InvalidS3ObjectException, VideoTooLargeException
from regard.jobs.records import Step

MAX_BYTES: Final = 1024**3
"""Of a manifest, as Amazon has it."""
FROM_MANIFEST: Final = "The dataset was successfully created from the manifest file."
TOO_MANY_ERRORS: Final = "The manifest file has too many terminal errors."
EMPTY: Final = "The manifest file is empty."
_TOO_LARGE: Final = "The manifest file size exceeds the maximum supported size."
_UNREADABLE: Final = "The manifest file extension or contents are invalid."
_FROM_DATASET: Final = "The dataset was successfully created from the other dataset."
_BROKEN_OFF: Final = "The entries could not be written. Delete the dataset and create it again."
_CHUNK_CHARACTERS: Final = 8_000_000  # of lines that are written at a time
_TOLD: Final = 20  # lines of no use that the log names

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MakingReached:
    """How far a data set is made: lines read, the byte or row behind them, what was kept and what was not."""

    line: int = 0
    place: int = 0
    kept: int = 0
    left: int = 0

    @property
    def state(self) -> dict[str, Any]:
        """As a job's step keeps it."""
        return {"line": self.line, "place": self.place, "kept": self.kept, "left": self.left}


def run(ctx: Context, request: dict[str, Any], state: dict[str, Any] | None) -> Iterator[Step]:
    """The rest of the making of a large data set, as a job."""
    datasets = ctx.stores.custom.datasets
    dataset = datasets.get(request["DatasetArn"])
    if dataset.status is not DatasetStatus.CREATE_COMPLETE:  # else the job's own end was lost
        dataset = datasets.give_to_job(dataset, ctx.job.job_id)
        size = size_of(ctx, request)
        for reached in fill(ctx, request, dataset, MakingReached(**state) if state else MakingReached()):
            yield Step([], reached.state, min(reached.place / max(size, 1), 0.99))
    yield Step([], state or {}, 1.0)


def fill(
    ctx: Context, request: Mapping[str, Any], dataset: CustomDataset, reached: MakingReached
) -> Iterator[MakingReached]:
    """Writes the entries that a request's DatasetSource names, behind those that were reached.

    Ends the work on the data set, in CREATE_COMPLETE or CREATE_FAILED, unless InternalServerError or
    ThrottlingException is raised: then there may be another try.
    """
    stores = ctx.stores.custom
    try:
        with _source(ctx, request, reached) as (lines, words):
            while some := _some(lines):
                place, last = some[-1]
                kept = [line for _, line in some if isinstance(line, ManifestLine)]
                left = stores.entries.write(dataset, kept, replaces=False)
                _tell(dataset, [line for _, line in some if isinstance(line, UselessLine)], reached.left)
                reached = MakingReached(
                    last.number,
                    place,
                    reached.kept + len(kept) - len(left),
                    reached.left + len(some) - len(kept) + len(left),
                )
                yield reached
    except EntriesRefused as error:
        _fail(ctx, dataset, str(error))
    except VideoTooLargeException:
        _fail(ctx, dataset, _TOO_LARGE)
    except InvalidS3ObjectException:
        _fail(ctx, dataset, _UNREADABLE)
    else:
        if reached.kept or words is _FROM_DATASET:
            stores.datasets.end(dataset, DatasetStatus.CREATE_COMPLETE, words)
        else:
            _fail(ctx, dataset, TOO_MANY_ERRORS if reached.left else EMPTY)
    ctx.note(kept=reached.kept, left_out=reached.left)


def size_of(ctx: Context, request: Mapping[str, Any]) -> int:
    """Bytes of the manifest, or the last row of the data set, that a data set is made of.

    Raises InvalidS3ObjectException for a manifest that can't be read.
    """
    source = request["DatasetSource"]
    if "DatasetArn" in source:
        copied = ctx.stores.custom.datasets.get(source["DatasetArn"])
        return ctx.stores.custom.entries.last_row(copied)
    try:
        with _manifest(ctx, source) as file:
            return file.seek(0, 2)
    except VideoTooLargeException:
        return MAX_BYTES + 1


def _some(lines: Iterator[tuple[int, ReadLine]]) -> list[tuple[int, ReadLine]]:
    """The next lines: `CHUNK`, or fewer long ones."""
    some: list[tuple[int, ReadLine]] = []
    characters = 0
    for place, line in islice(lines, CHUNK):
        some.append((place, line))
        characters += len(line.content) if isinstance(line, ManifestLine) else 0
        if characters > _CHUNK_CHARACTERS:
            break
    return some


@contextmanager
def _source(
    ctx: Context, request: Mapping[str, Any], reached: MakingReached
) -> Iterator[tuple[Iterator[tuple[int, ReadLine]], str]]:
    """The lines behind those that were reached, each with its place, and the words for having made it."""
    source = request["DatasetSource"]
    if "DatasetArn" in source:
        copied = ctx.stores.custom.datasets.get(source["DatasetArn"])
        yield _copied(ctx, copied, reached), _FROM_DATASET
        return
    with _manifest(ctx, source) as file:
        yield read_manifest(file, line=reached.line, place=reached.place), FROM_MANIFEST


@contextmanager
def _manifest(ctx: Context, source: Mapping[str, Any]) -> Iterator[BinaryIO]:
    where = source["GroundTruthManifest"]["S3Object"]
    place = where["Bucket"], where["Name"], where.get("Version")
    with ctx.stores.objects.open_video(*place, limit=MAX_BYTES) as file:
        yield file


def _copied(ctx: Context, copied: CustomDataset, reached: MakingReached) -> Iterator[tuple[int, ReadLine]]:
    kept = ctx.stores.custom.entries.all(copied, after=reached.place)
    for number, one in enumerate(kept, reached.line + 1):
        yield one.row, read_line(one.content, number, longest=None)


def _fail(ctx: Context, dataset: CustomDataset, message: str) -> None:
    ctx.stores.custom.datasets.end(dataset, DatasetStatus.CREATE_FAILED, message, DatasetOutcome.CLIENT_ERROR)


def _tell(dataset: CustomDataset, useless: list[UselessLine], before: int) -> None:
    """Names the first lines of no use: no answer does."""
    for line in useless[: max(0, _TOLD - before)]:
        log.warning(
            "a line of a manifest is of no use",
            dataset=dataset.resource,
            line=line.number,
            code=line.fault.code.value,
        )


def broken_off(ctx: Context, dataset: CustomDataset) -> None:
    """Says that the making of a data set was broken off by a failure of Regard or of what it needs."""
    ctx.stores.custom.datasets.end(
        dataset, DatasetStatus.CREATE_FAILED, _BROKEN_OFF, DatasetOutcome.SERVICE_ERROR
    )
