"""The output bucket that a request for a version names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.context import Context
from regard.custom.records import Project
from regard.errors import InvalidParameterException
from regard.operations.custom_labels.training.artefacts import Artefact, OutputFolder, output_refused
from regard.storage.buckets.objects import NotWritten


def check_output(ctx: Context, project: Project, request: Mapping[str, Any]) -> None:
    """Raises InvalidParameterException where it shows at once that nothing can be written."""
    if not request["OutputConfig"].get("S3Bucket"):
        raise InvalidParameterException("Request has invalid parameters: OutputConfig needs an S3Bucket")
    folder = OutputFolder.of_request(project.name, request)
    place = folder.place(Artefact.EVALUATION_SUMMARY)
    try:
        ctx.stores.objects.check_output(place.bucket, place.name, kms_key=folder.kms_key)
    except NotWritten as error:
        raise InvalidParameterException(f"Request has invalid parameters: {error}") from error


def try_output(ctx: Context, folder: OutputFolder) -> None:
    """Raises InvalidOutputConfigException or InvalidKmsKeyException where nothing can be written, and
    InternalServerError while the bucket is away.
    """
    place = folder.place(Artefact.MODEL)
    try:
        ctx.stores.objects.try_output(place.bucket, place.name, kms_key=folder.kms_key)
    except NotWritten as error:
        raise output_refused(error) from error
