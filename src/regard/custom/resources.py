"""ARNs of projects and data sets, and their last parts, by which the database and tags know them."""

from __future__ import annotations

import re
from typing import Final

from regard.errors import ResourceNotFoundException

_ARN: Final = re.compile(r"(?:arn:)?aws[a-z-]*:rekognition:[a-z0-9-]+:\d{12}:(project/.+)", re.DOTALL)
_PROJECT: Final = re.compile(r"project/[a-zA-Z0-9_.\-]{1,255}/[0-9]+")
_DATASET: Final = re.compile(r"(project/[a-zA-Z0-9_.\-]{1,255})/dataset/(?:train|test)/[0-9]+")


_VERSION: Final = re.compile(r"(project/[a-zA-Z0-9_.\-]{1,255})/version/[a-zA-Z0-9_.\-]{1,255}/[0-9]+")


def project_resource(name: str, created: int) -> str:
    """`created` is in milliseconds since the epoch."""
    return f"project/{name}/{created}"


def dataset_resource(name: str, kind: str, created: int) -> str:
    """That of a data set of the project `name`; `kind` is train or test."""
    return f"project/{name}/dataset/{kind}/{created}"


def resource_of(arn: str) -> str | None:
    """The last part of the ARN of a project, or of what is in one; None of anything else.

    Region and account don't count: an installation has one of each, which may change.
    """
    match = _ARN.fullmatch(arn)
    return None if match is None else match[1]


def is_project(resource: str) -> bool:
    return _PROJECT.fullmatch(resource) is not None


def version_resource(name: str, version: str, created: int) -> str:
    """That of a version of the project `name`."""
    return f"project/{name}/version/{version}/{created}"


def is_version(resource: str) -> bool:
    return _VERSION.fullmatch(resource) is not None


def is_dataset(resource: str) -> bool:
    return _DATASET.fullmatch(resource) is not None


def not_found(arn: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"The resource {arn[:300]} does not exist.")
