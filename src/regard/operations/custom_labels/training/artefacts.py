"""What a training writes into its output bucket, under names that clients of Rekognition know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from regard.context import Context
from regard.custom.output_names import output_folder, output_name
from regard.custom.version_records import BucketObject, ProjectVersion
from regard.errors import InvalidKmsKeyException, InvalidOutputConfigException, ServiceError
from regard.storage.buckets.objects import NotWritten

NOT_WRITABLE: Final = "Unable to write to output S3 bucket."
_LINES_A_PIECE: Final = 200


class Artefact(StrEnum):
    """The objects, by the beginnings of their names."""

    EVALUATION_SUMMARY = "EvaluationResultSummary"
    MANIFEST_SUMMARY = "ManifestSummary"
    TRAINING_GROUND_TRUTH = "TrainingGroundTruth"
    TESTING_GROUND_TRUTH = "TestingGroundTruth"
    TRAINING_VALIDATION = "TrainingManifestWithValidation"
    TESTING_VALIDATION = "TestingManifestWithValidation"
    MODEL = "Model"
    REPORT = "Report"


_ENDINGS: Final = {Artefact.MODEL: "onnx", Artefact.REPORT: "html"}


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """Where the objects of a version are written: `bucket`, below `prefix`; `name` is the part of their names
    that is the version's.
    """

    bucket: str
    prefix: str
    name: str
    kms_key: str | None = None

    @classmethod
    def of(cls, version: ProjectVersion) -> OutputFolder:
        """That of a version."""
        return cls.of_request(version.project_name, version.request)

    @classmethod
    def of_request(cls, project: str, request: Mapping[str, Any]) -> OutputFolder:
        """That of the version that a request makes in a project; its OutputConfig has an S3Bucket."""
        name = output_name(project, request["VersionName"], request)
        return cls(*output_folder(request), name, request.get("KmsKeyId"))

    def place(self, artefact: Artefact) -> BucketObject:
        """The object of an artefact."""
        name = f"{artefact}-{self.name}.{_ENDINGS.get(artefact, 'json')}"
        return BucketObject(self.bucket, f"{self.prefix}/{name}" if self.prefix else name)

    def write(self, ctx: Context, artefact: Artefact, pieces: Iterable[bytes]) -> BucketObject:
        """Writes an artefact in the place of one before. Raises InvalidOutputConfigException,
        InvalidKmsKeyException, and InternalServerError while the bucket is away.
        """
        place = self.place(artefact)
        try:
            ctx.stores.objects.write(place.bucket, place.name, pieces, kms_key=self.kms_key)
        except NotWritten as error:
            raise output_refused(error) from error
        return place


def output_refused(error: NotWritten) -> ServiceError:
    """What a training fails with whose output can't be written."""
    if error.of_key:
        return InvalidKmsKeyException(str(error))
    return InvalidOutputConfigException(f"{NOT_WRITABLE} {error}")


def json_lines(lines: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """JSON lines, some hundred a piece."""
    piece: list[bytes] = []
    for line in lines:
        piece.append(json.dumps(line, allow_nan=False).encode("ascii") + b"\n")
        if len(piece) == _LINES_A_PIECE:
            yield b"".join(piece)
            piece = []
    yield b"".join(piece)


def one_json(value: Mapping[str, Any]) -> Iterator[bytes]:
    """One JSON object."""
    yield json.dumps(value, allow_nan=False, indent=2).encode("ascii") + b"\n"
