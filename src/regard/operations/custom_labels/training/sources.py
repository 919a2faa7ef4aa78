"""Where the lines of a training come from: manifests in buckets, or the project's data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Protocol

from regard.context import Context
from regard.custom.manifests.reading import ReadLine, read_line, read_manifest
from regard.custom.records import CustomDataset, DatasetType
from regard.custom.version_records import ProjectVersion
from regard.errors import InvalidManifestException, InvalidS3ObjectException, VideoTooLargeException
from regard.operations.custom_labels.training.examples import TrainingPart
from regard.operations.custom_subjects import custom_arn

MAX_BYTES: Final = 1_073_741_824
"""Of a manifest, as Amazon has it."""
INVALID: Final = "The manifest file extension or contents are invalid."
EMPTY: Final = "The manifest file is empty."
TOO_LARGE: Final = "The manifest file size exceeds the maximum supported size."
_PIECE: Final = 1 << 20


MEMBERS: Final = {TrainingPart.TRAINING: "TrainingData", TrainingPart.TESTING: "TestingData"}
"""The members of a request that name the manifests."""
DATASETS: Final = {TrainingPart.TRAINING: DatasetType.TRAIN, TrainingPart.TESTING: DatasetType.TEST}


class LineSource(Protocol):
    """The lines of one set."""

    def digest(self) -> str:
        """What tells it from another that was put in its place. Raises as `lines` does."""

    def lines(self, number: int, place: int) -> Iterator[tuple[int, ReadLine]]:
        """The lines behind the `number`-th, which ends at `place`, and where each ends. Raises
        InvalidManifestException.
        """


@dataclass(frozen=True, slots=True)
class BucketManifest:
    """A manifest in a bucket: `where` is its S3Object."""

    ctx: Context
    where: Mapping[str, Any]

    def digest(self) -> str:
        """The SHA-256 of its bytes, hex. Raises as `lines` does."""
        with self._opened() as file:
            digest = hashlib.sha256()
            while piece := file.read(_PIECE):
                digest.update(piece)
            return digest.hexdigest()

    def lines(self, number: int, place: int) -> Iterator[tuple[int, ReadLine]]:
        """Raises InvalidManifestException for one that can't be read, has no line, or has more than 1 GB."""
        with self._opened() as file:
            yield from read_manifest(file, line=number, place=place)

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        place = self.where["Bucket"], self.where["Name"], self.where.get("Version")
        try:
            with self.ctx.stores.objects.open_video(*place, limit=MAX_BYTES) as file:
                if not file.seek(0, 2):
                    raise InvalidManifestException(EMPTY)
                file.seek(0)
                yield file
        except VideoTooLargeException as error:
            raise InvalidManifestException(TOO_LARGE) from error
        except InvalidS3ObjectException as error:
            raise InvalidManifestException(INVALID) from error


@dataclass(frozen=True, slots=True)
class DatasetLines:
    """The entries of a data set, in their order, each numbered by it."""

    ctx: Context
    dataset: CustomDataset

    def digest(self) -> str:
        return self.dataset.resource  # one that is in use is not deleted, and nobody gets its name

    def lines(self, number: int, place: int) -> Iterator[tuple[int, ReadLine]]:
        for kept in self.ctx.stores.custom.entries.all(self.dataset, after=place):
            number += 1
            yield kept.row, read_line(kept.content, number)


def is_split(version: ProjectVersion) -> bool:
    """Whether a fifth of a version's training pictures is its test set: nobody has given one."""
    testing = version.request.get("TestingData") or {}
    return not testing.get("Assets") and not version.request["Datasets"].get(DatasetType.TEST)


def source_of(ctx: Context, version: ProjectVersion, part: TrainingPart) -> LineSource:
    """Where the lines of a set come from. Raises ResourceNotFoundException where its data set is gone."""
    resource = version.request["Datasets"].get(DATASETS[part])
    if resource is not None:
        return DatasetLines(ctx, ctx.stores.custom.datasets.get(custom_arn(ctx.settings, resource)))
    asset = version.request[MEMBERS[part]]["Assets"][0]
    return BucketManifest(ctx, asset["GroundTruthManifest"]["S3Object"])
